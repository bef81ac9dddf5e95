#!/usr/bin/env bash
# Builds or fetches into .build what the tests use beside the engine: Docker
# Compose as the referee, a registry, python-dotenv and certbot; with --e2e what
# only the tests of the program use: Caddy, Pebble, nginx, and (as root alone) a
# base image to build on. Needs a network the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1:-} == --e2e ]]; then
  if [[ $(id -u) == 0 ]] && command -v debootstrap >/dev/null; then
    test/tools/base.sh .build/tools/base.tar &
  fi
  test/tools/edge.sh .build/tools
  wait -n || [[ $? == 127 ]] # there was no base to make
  exit
fi
test/tools/build.sh .build/tools

# The python-dotenv that OpenAlgo reads its .env with, unless one is given.
[[ -n ${OPENALGO_PYTHON:-} ]] && exit
python=$PWD/.build/python/bin/python3
"$python" -c 'import dotenv, certbot' 2>/dev/null && exit
rm -rf .build/python
{ python3 -m venv .build/python && "$python" -m pip install -q --disable-pip-version-check python-dotenv==1.2.2 certbot==4.2.0; } ||
  echo "No python-dotenv: the tests that compare with it are skipped (apt-get install python3-venv)." >&2
