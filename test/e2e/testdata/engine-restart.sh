# Run by TestEngineRestarted as root in namespaces of its own (mount, network,
# process): an engine that may be stopped and started while the program runs.
# Wants PROGRAM (built with the tag failpoint), WORK, POINTS and BACKUP_POINTS.
set -eu

mount -t proc proc /proc
mount -t tmpfs tmpfs /run
ip link set lo up
dir=$WORK/oae2erestart

wait_until() { # COMMAND...: within a minute
  deadline=$(($(date +%s) + 60))
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$deadline" ] || { echo "waited in vain for: $*"; tail -n 20 "$WORK/dockerd.log"; exit 1; }
    sleep 0.1
  done
}
engine_up() {
  dockerd --data-root "$WORK/data" --exec-root /run/docker-exec --pidfile /run/docker.pid >>"$WORK/dockerd.log" 2>&1 &
  engine=$!
  wait_until "$PROGRAM" status
}
engine_down() {
  kill "$engine"
  wait "$engine" || true
}
# ended waits for a process, which goes on where it meets its point again: a step that
# Docker's restart cut off is carried out once more.
ended() {
  while grep -qs '^State:.[^Z]' "/proc/$1/status"; do
    kill -CONT "$1" 2>/dev/null || true
    sleep 0.1
  done
  wait "$1"
}
stopped() { grep -q '^State:.T' "/proc/$1/status"; }
answers() { # LEVEL
  cat <<EOF
version: 1
broker: {name: zerodha, api_key: restart-key, api_secret: restart-secret}
image: {source: rehearsal}
env: {LOG_LEVEL: $1}
EOF
}
keys() { grep -E '^(APP_KEY|API_KEY_PEPPER|FERNET_SALT)' "$dir/.env"; }

engine_up
answers INFO | "$PROGRAM" --answers - --dir "$dir"
before=$(keys)
level=INFO
for point in $POINTS; do
  [ $level = INFO ] && level=DEBUG || level=INFO
  answers $level >"$WORK/answers.yaml"
  chmod 600 "$WORK/answers.yaml"
  OPENALGO_FAILPOINT=$point:STOP "$PROGRAM" --answers "$WORK/answers.yaml" --dir "$dir" &
  run=$!
  wait_until stopped $run
  engine_down
  kill -CONT $run
  engine_up
  code=0
  ended $run || code=$?
  echo "at $point: exit $code"
  case $code in 0 | 4) ;; *) exit 1 ;; esac
  "$PROGRAM" --answers "$WORK/answers.yaml" --dir "$dir"
  [ "$(keys)" = "$before" ]
  grep -q "LOG_LEVEL = '$level'" "$dir/.env"
  "$PROGRAM" status --dir "$dir" --json | grep -q '"ready": true'
done
# A backup has OpenAlgo stopped, or frozen, while the engine is away: it must run again.
for point in $BACKUP_POINTS; do
  case $point in backup-*) way=--stop ;; *) way=--stop=false ;; esac
  OPENALGO_FAILPOINT=$point:STOP "$PROGRAM" backup --now $way --dir "$dir" --to "$WORK/backups/" &
  run=$!
  wait_until stopped $run
  engine_down
  kill -CONT $run
  sleep 1 # it asks the engine while there is none
  engine_up
  code=0
  ended $run || code=$?
  echo "backup at $point: exit $code"
  [ $code = 0 ]
  "$PROGRAM" status --dir "$dir" --json | grep -q '"ready": true'
done
# A machine that boots after it went down in the middle of one.
OPENALGO_FAILPOINT=backup-stopped:STOP "$PROGRAM" backup --now --stop --dir "$dir" --to "$WORK/backups/" &
run=$!
wait_until stopped $run
kill -KILL $run
wait $run || true
engine_down
"$PROGRAM" recover --dir "$dir" &
run=$!
engine_up
wait $run
"$PROGRAM" status --dir "$dir" --json | grep -q '"ready": true'
"$PROGRAM" recover --dir "$dir" | grep -q 'othing to do'
engine_down
