#!/usr/bin/env bash
# Makes sure that a Docker Engine answers: PROGRAM (openalgo-install) installs
# and starts one when none does, which takes root or sudo.
#
#   scripts/engine.sh PROGRAM         exits 1 when there is none in the end
#   scripts/engine.sh --check         only looks
#   scripts/engine.sh --start         as root, starts the dockerd that is installed;
#                                     prints its pid where nobody else will end it
set -euo pipefail

answers() {
  docker version >/dev/null 2>&1 && return
  local host=${DOCKER_HOST:-unix:///var/run/docker.sock}
  [[ $host == unix://* ]] && curl -fs -o /dev/null --unix-socket "${host#unix://}" http://engine/_ping 2>/dev/null
}

start() {
  local pid='' deadline=$((SECONDS + 60))
  if [[ -d /run/systemd/system ]]; then
    systemctl start docker >&2
  else
    setsid dockerd >/var/log/dockerd.log 2>&1 </dev/null &
    pid=$!
    echo "$pid"
  fi
  until answers; do
    if ((SECONDS > deadline)) || { [[ -n $pid ]] && ! kill -0 "$pid" 2>/dev/null; }; then
      tail -n 30 /var/log/dockerd.log >&2 || true
      echo "dockerd did not come up" >&2
      return 1
    fi
    sleep 0.5
  done
}

# A user outside the group docker still has an engine, through sudo.
present() { answers || [[ -z ${DOCKER_HOST:-} && -S /var/run/docker.sock && ! -w /var/run/docker.sock ]]; }

if [[ $1 == --check ]]; then
  answers
  exit
fi
if [[ $1 == --start ]]; then
  answers || start
  exit
fi
present && exit

if [[ $(id -u) == 0 ]]; then
  exec "$1" docker
elif command -v sudo >/dev/null; then
  exec sudo "$1" docker
fi
echo "No Docker Engine answers. As root: $1 docker" >&2
exit 1
