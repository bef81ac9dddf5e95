#!/bin/bash
# Starts OpenAlgo in its container: checks .env (on a cloud platform it writes
# one), runs the migrations, then keeps gunicorn and the WebSocket proxy going
# until it is told to stop. `start.sh health` is the container's health check.
set -u

APP=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ENV_FILE=$APP/.env
SAMPLE=$APP/.sample.env
PYTHON=$APP/.venv/bin/python
RUN_DIR=${OPENALGO_RUN_DIR:-/tmp/openalgo} # never on a volume: it is about this container alone

# SHA-256 of the values that OpenAlgo's source once published: whoever reads it
# can sign in with these. Two of APP_KEY, two of API_KEY_PEPPER.
PUBLISHED="
  b369f30b3b4751c22758ed5c958c4f9bc238ea3487b809d52e744c5790bb009e
  eed3884cc96e6cbf8e40d11735012e786a28a1d688102c2b844cd9e85c2d0fe8
  3b7221846c46712b58119e9c9b5554e11ee66ae253627ddf9a6c34b1e43c6dd7
  d4602af2b5c90f26a0de942d695087737d715e6a04a695fdc0fb3e80177f0772"

say() { printf '[openalgo] %s\n' "$*"; }

die() { # LINE...
  printf '[openalgo] %s\n' "$@" >&2
  exit 1
}

published() { # VALUE
  local digest
  [[ $1 != OPENALGO_PLACEHOLDER_* ]] || return 0
  read -r digest _ < <(printf '%s' "$1" | sha256sum)
  [[ $PUBLISHED == *"$digest"* ]]
}

# ---------------------------------------------------------------- .env

check_env_file() {
  if [[ -d $ENV_FILE ]]; then
    die "$ENV_FILE is a directory. Docker makes one where the file that is to be mounted does not exist." \
      "Stop this container, remove that directory on the host, put the .env in its place and start again."
  elif [[ -s $ENV_FILE && ! -r $ENV_FILE ]]; then
    die "$ENV_FILE is there, but this container's user ($(id -u)) may not read it." \
      "On the host, beside docker-compose.yaml: sudo chown 1000:1000 .env && sudo chmod 600 .env"
  elif [[ -s $ENV_FILE ]]; then
    return
  elif [[ -n ${HOST_SERVER:-} ]]; then
    generate_env
  elif [[ -e $ENV_FILE ]]; then
    die "$ENV_FILE is empty. Copy .sample.env over it and fill it in, or bring it back from a backup."
  else
    die "There is no $ENV_FILE. Mount one, or on a cloud platform set the variables:" \
      "HOST_SERVER (https://your-app.example), REDIRECT_URL, BROKER_API_KEY, BROKER_API_SECRET," \
      "APP_KEY, API_KEY_PEPPER and, where this release has it in .sample.env, FERNET_SALT."
  fi
}

# A release without FERNET_SALT ignores one that is set, but a later one would
# trust it, and open no stored secret: so only what the sample has is written.
uses_salt() { grep -qE '^[[:space:]]*FERNET_SALT[[:space:]]*=' "$SAMPLE"; }

# env_value KEY: sets REPLY to the value in .env, as written between its quotes.
env_value() {
  local line value
  REPLY=
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*(.*)$ ]] || continue
    value=${BASH_REMATCH[2]}
    if [[ $value =~ ^\'([^\']*)\' || $value =~ ^\"([^\"]*)\" || $value =~ ^([^[:space:]#]*) ]]; then
      REPLY=${BASH_REMATCH[1]}
    fi
  done <"$ENV_FILE"
}

# encode VALUE: sets REPLY to the value in single quotes, so that python-dotenv
# reads it back. ${:-x} always gives x: no variable has an empty name.
encode() {
  local text=$1 backslash='\' quote="'" open='${' literal_open='${:-$}{' nothing='${:-}'
  text=${text//"$backslash"/"$backslash$backslash"}
  text=${text//"$quote"/"$backslash$quote"}
  text=${text//"$open"/"$literal_open"}
  [[ $text == *"$backslash" ]] && text+=$nothing
  REPLY=$quote$text$quote
}

# ---------------------------------------------------- .env on a cloud platform

check_variables() {
  local problems=() name value
  for name in REDIRECT_URL BROKER_API_KEY APP_KEY API_KEY_PEPPER; do
    [[ -n ${!name:-} ]] || problems+=("$name is not set")
  done
  # Some brokers have no secret: it may be empty, but it must be said.
  [[ -n ${BROKER_API_SECRET+set} ]] || problems+=("BROKER_API_SECRET is not set (set it empty if your broker has none)")
  for name in APP_KEY API_KEY_PEPPER; do
    value=${!name:-}
    if [[ -n $value ]] && published "$value"; then
      problems+=("$name is a published one; make your own with: openssl rand -hex 32")
    elif [[ -n $value ]] && ((${#value} < 32)); then
      problems+=("$name is shorter than 32 characters; make one with: openssl rand -hex 32")
    fi
  done
  if uses_salt && [[ -z ${FERNET_SALT:-} ]]; then
    problems+=("FERNET_SALT is not set; make one with: openssl rand -hex 16 (but never for a database of a release without it: no stored secret could be opened)")
  elif uses_salt && ! [[ $FERNET_SALT =~ ^([0-9a-fA-F]{2}){16,}$ ]]; then
    problems+=("FERNET_SALT must be 32 hex digits; make one with: openssl rand -hex 16")
  fi
  if [[ -n ${REDIRECT_URL:-} ]] && ! [[ $REDIRECT_URL =~ /[^/\<\>]+/callback$ ]]; then
    problems+=("REDIRECT_URL must end in /BROKER/callback, as in https://your-app.example/zerodha/callback")
  fi
  [[ $HOST_SERVER =~ ^https?://[^/]+/?$ ]] || problems+=("HOST_SERVER must be an address such as https://your-app.example")
  [[ ${PORT:-5000} =~ ^[0-9]{1,5}$ ]] || problems+=("PORT must be a number")
  ((${#problems[@]} == 0)) || die "OpenAlgo cannot start with these environment variables:" "${problems[@]/#/  - }"
}

# cloud_value KEY: sets REPLY to what the key is to be; fails where the sample's
# own value is right.
cloud_value() {
  local origin=${HOST_SERVER%/}
  case $1 in
    ENV_CONFIG_VERSION) return 1 ;; # the image's own, always
    HOST_SERVER) REPLY=$origin ;;
    FLASK_HOST_IP | WEBSOCKET_HOST) REPLY=0.0.0.0 ;;
    FLASK_PORT) REPLY=${PORT:-5000} ;;
    ZMQ_HOST) REPLY=127.0.0.1 ;; # the raw ticks: never to be reached from outside
    FLASK_DEBUG) REPLY=${FLASK_DEBUG:-False} ;;
    FLASK_ENV) REPLY=${FLASK_ENV:-production} ;;
    NGROK_ALLOW) REPLY=${NGROK_ALLOW:-FALSE} ;;
    WEBSOCKET_URL) REPLY=${WEBSOCKET_URL:-${origin/#http/ws}/ws} ;;
    CORS_ALLOWED_ORIGINS) REPLY=${CORS_ALLOWED_ORIGINS:-$origin} ;;
    *)
      [[ -n ${!1+set} ]] || return 1
      REPLY=${!1}
      ;;
  esac
}

generate_env() {
  [[ -r $SAMPLE ]] || die "This image has no $SAMPLE to make an .env from. Mount a complete .env instead."
  check_variables
  local text='' line key written=' '
  while IFS= read -r line || [[ -n $line ]]; do
    line=${line%$'\r'}
    if ! [[ $line =~ ^[[:space:]]*(#[[:space:]]*)?([A-Z][A-Z0-9_]*)[[:space:]]*= ]]; then
      text+=$line$'\n'
      continue
    fi
    local comment=${BASH_REMATCH[1]} key=${BASH_REMATCH[2]}
    if [[ $key == FERNET_SALT || $written == *" $key "* ]]; then
      continue
    elif [[ -n $comment ]]; then
      text+=$line$'\n'
      [[ -n ${!key:-} ]] || continue
    fi
    if cloud_value "$key"; then
      [[ $REPLY != *$'\n'* && $REPLY != *$'\r'* ]] || die "The variable $key has a line break in it: OpenAlgo's .env cannot hold one."
      encode "$REPLY"
      line="$key = $REPLY"
    fi
    text+=$line$'\n'
    written+="$key "
    if [[ $key == API_KEY_PEPPER ]] && uses_salt; then
      text+="FERNET_SALT = '$FERNET_SALT'"$'\n' # OpenAlgo looks for it on the next line
    fi
  done <"$SAMPLE"
  (umask 077 && printf '%s' "$text" >"$ENV_FILE.new" && mv "$ENV_FILE.new" "$ENV_FILE") ||
    die "$ENV_FILE cannot be written by this container's user ($(id -u))."
  say "wrote $ENV_FILE from the environment, for ${HOST_SERVER%/}"
  [[ -z ${FERNET_SALT:-} ]] || uses_salt ||
    say "WARNING: this release does not use FERNET_SALT. Delete that variable: a later release would take it for the one that the database was written with."
}

# --------------------------------------------------------- keys, directories

check_keys() {
  local leaked=() name
  for name in APP_KEY API_KEY_PEPPER; do
    env_value "$name"
    ! published "$REPLY" || leaked+=("$name")
  done
  ((${#leaked[@]})) || return 0
  if [[ -w $ENV_FILE ]]; then
    say "WARNING: published values in $ENV_FILE: ${leaked[*]}. OpenAlgo replaces APP_KEY by itself, and API_KEY_PEPPER only where no user exists yet."
    return
  fi
  die "Published values in $ENV_FILE: ${leaked[*]}. OpenAlgo would replace them, but may not write the file." \
    "On the host: sudo chown 1000:1000 .env && sudo chmod 600 .env, and no :ro at its mount; then start again." \
    "Never put a new API_KEY_PEPPER beside a database that has users: nothing in it could be opened again."
}

# Some platforms mount a disk as root's, and begin as root for that.
drop_root() { # ARGUMENT...
  ((EUID == 0)) || return 0
  if [[ -n ${OPENALGO_DATA_DIR:-} ]]; then
    { mkdir -p "$OPENALGO_DATA_DIR" && chown 1000:1000 "$OPENALGO_DATA_DIR"; } ||
      die "OPENALGO_DATA_DIR: $OPENALGO_DATA_DIR cannot be given to user 1000."
  fi
  HOME=/home/appuser exec setpriv --reuid=1000 --regid=1000 --clear-groups -- "$BASH" "${BASH_SOURCE[0]}" "$@"
}

# One disk for all that must last, where the platform has but one.
link_data() {
  local name
  [[ -n ${OPENALGO_DATA_DIR:-} ]] || return 0
  for name in db log strategies keys; do
    [[ -L $APP/$name ]] && continue
    if [[ ! -d $OPENALGO_DATA_DIR/$name ]]; then
      mkdir -p "$OPENALGO_DATA_DIR/$name" || die "OPENALGO_DATA_DIR: $OPENALGO_DATA_DIR cannot be written by this container's user ($(id -u))."
      [[ ! -d $APP/$name ]] || cp -R "$APP/$name/." "$OPENALGO_DATA_DIR/$name/"
    fi
    # A rename, since it fails on a mounted volume and takes nothing away.
    if [[ -d $APP/$name ]] && ! mv "$APP/$name" "$APP/.image-$name"; then
      die "$APP/$name is a volume of its own; OPENALGO_DATA_DIR is for platforms that have but one."
    fi
    ln -s "$OPENALGO_DATA_DIR/$name" "$APP/$name" || die "$APP/$name cannot be linked to $OPENALGO_DATA_DIR."
  done
}

make_directories() {
  local name
  for name in db log log/strategies strategies strategies/scripts strategies/examples tmp tmp/numba_cache tmp/matplotlib keys; do
    mkdir -p "$APP/$name" 2>/dev/null
    chmod 755 "$APP/$name" 2>/dev/null
  done
  chmod 700 "$APP/keys" 2>/dev/null
  for name in db log strategies keys tmp; do
    [[ -w $APP/$name ]] && continue
    [[ $name == db ]] && die "$APP/db cannot be written by this container's user ($(id -u)), so there is no database." \
      "Give the volume to user 1000: docker run --rm -u 0 -v VOLUME:/v IMAGE chown -R 1000:1000 /v"
    say "WARNING: $APP/$name cannot be written by this container's user ($(id -u))"
  done
}

# ------------------------------------------------------------- processes

stopping='' web='' proxy='' timer='' proxy_began=0 proxy_restarts=0 delay=1

# Ends the web server at once: a signal that comes just before a wait begins
# would not interrupt it, the end of the web server does.
on_signal() {
  stopping=${stopping:-$1}
  [[ -z $web ]] || kill -TERM "$web" 2>/dev/null
}
trap 'on_signal TERM' TERM
trap 'on_signal INT' INT

# await PID: waits for its end, signals or not, and returns its status.
await() {
  local status
  while :; do
    wait "$1"
    status=$?
    kill -0 "$1" 2>/dev/null || return "$status" # else a signal came in between
  done
}

# openalgo-migrate.py says what it does and why, and how long it took.
migrate() {
  [[ -f $APP/upgrade/migrate_all.py ]] || return 0
  local status pid
  "$PYTHON" "$APP/openalgo-migrate.py" &
  pid=$!
  # Not killed by a stop: a migration that is cut in half is worse than a late one.
  await "$pid"
  status=$?
  if ((status)); then
    say "WARNING: the migrations FAILED with status $status; the lines above say why. OpenAlgo starts with the database as it is."
  fi
  [[ -z $stopping ]] || { say "stopped before OpenAlgo was started"; exit 143; }
}

start_web() {
  mkdir -p /tmp/gunicorn_workers
  say "starting OpenAlgo on port ${PORT:-5000}"
  # One worker: the WebSocket rooms and the scheduler live in its memory.
  "$APP/.venv/bin/gunicorn" --worker-class eventlet --workers 1 --bind "0.0.0.0:${PORT:-5000}" \
    --timeout 300 --graceful-timeout 30 --worker-tmp-dir /tmp/gunicorn_workers \
    --no-control-socket --log-level warning app:app &
  web=$!
}

start_proxy() {
  "$PYTHON" -m websocket_proxy.server &
  proxy=$! proxy_began=$SECONDS
  echo "$proxy" >"$RUN_DIR/proxy.pid"
  say "started the WebSocket proxy (process $proxy)"
}

proxy_ended() { # STATUS
  proxy_restarts=$((proxy_restarts + 1))
  ((SECONDS - proxy_began > 60)) && delay=1
  say "WARNING: the WebSocket proxy ended with status $1; it is started again in $delay s (time $proxy_restarts)"
  printf '%d %s\n' "$proxy_restarts" "$(date '+%F %T %Z')" >"$RUN_DIR/proxy.restarts"
  rm -f "$RUN_DIR/proxy.pid"
  proxy=
  sleep "$delay" &
  timer=$!
  delay=$((delay < 16 ? delay * 2 : 30))
}

# stop_process NAME PID SECONDS: TERM, and KILL when it takes longer. Returns its status.
stop_process() {
  local status guard
  kill -TERM "$2" 2>/dev/null
  (trap 'kill "$!"; exit' TERM; sleep "$3" & wait "$!"; kill -KILL "$2") >/dev/null 2>&1 &
  guard=$!
  await "$2"
  status=$?
  kill "$guard" 2>/dev/null
  say "$1 ended with status $status"
  return "$status"
}

# supervise keeps both going until a signal comes or the web server ends, and
# then ends them in order: the web server first, so that what it has begun is
# ended while ticks still come.
supervise() {
  local ended status
  while [[ -z $stopping && -n $web ]]; do
    ended=
    wait -n -p ended
    status=$?
    case ${ended:-signal} in
      signal) ;;
      "$web") web= ;;
      "$proxy") proxy_ended "$status" ;;
      "$timer") timer= && start_proxy ;;
    esac
  done
  [[ -z $timer ]] || kill "$timer" 2>/dev/null
  if [[ -n $web ]]; then
    say "stopping (SIG$stopping)"
    stop_process OpenAlgo "$web" 33 # gunicorn itself gives up after 30 s
    status=$?
  else
    say "OpenAlgo ended ${stopping:+after SIG$stopping }with status $status"
  fi
  [[ -z $proxy ]] || stop_process "the WebSocket proxy" "$proxy" 5
  exit "$status"
}

# ---------------------------------------------------------------- health

# listening PORT: without a connection, which the proxy would log each time.
listening() {
  local hex
  printf -v hex ':%04X' "$1"
  grep -qsE "^ *[0-9]+: [0-9A-F]+$hex [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6
}

health() {
  local port restarts='' file=$RUN_DIR/proxy.restarts count when
  if [[ -r $file ]] && read -r count when <"$file"; then
    restarts=" (WebSocket proxy: restarts: $count, the last at $when)"
  fi
  if ! curl -fsS -m 8 -o /dev/null "http://127.0.0.1:${PORT:-5000}/auth/check-setup"; then
    echo "OpenAlgo does not answer on port ${PORT:-5000}$restarts"
    return 1
  fi
  env_value WEBSOCKET_PORT
  port=${REPLY:-8765}
  if [[ ! -e $RUN_DIR/proxy.pid ]] || ! listening "$port"; then
    echo "the WebSocket proxy is down: nothing listens on port $port$restarts"
    return 1
  fi
  echo "ok$restarts"
}

# ------------------------------------------------------------------ main

if [[ ${1:-} == health ]]; then
  health
  exit
fi
drop_root "$@"
cd "$APP" || exit 1
export PYTHONDONTWRITEBYTECODE=1
mkdir -p "$RUN_DIR" && rm -f "$RUN_DIR"/proxy.*
check_env_file
check_keys
link_data
make_directories
migrate
start_proxy
start_web
supervise
