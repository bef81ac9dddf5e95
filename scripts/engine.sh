#!/usr/bin/env bash
# Makes sure that a Docker Engine answers: PROGRAM (openalgo-install) installs
# and starts one when none does, which takes root or sudo.
#
#   scripts/engine.sh PROGRAM         exits 1 when there is none in the end
#   scripts/engine.sh --check         only looks
set -euo pipefail

answers() {
  docker version >/dev/null 2>&1 && return
  local host=${DOCKER_HOST:-unix:///var/run/docker.sock}
  [[ $host == unix://* ]] && curl -fs -o /dev/null --unix-socket "${host#unix://}" http://engine/_ping 2>/dev/null
}

# A user outside the group docker still has an engine, through sudo.
present() { answers || [[ -z ${DOCKER_HOST:-} && -S /var/run/docker.sock && ! -w /var/run/docker.sock ]]; }

if [[ $1 == --check ]]; then
  answers
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
