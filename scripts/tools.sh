#!/usr/bin/env bash
# Builds or fetches into .build what the tests use beside the engine: Docker
# Compose as the referee, a registry, a base image to build on (as root alone),
# python-dotenv and certbot; with --edge, what the tests of HTTPS use. Needs a
# network the first time.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${1:-} == --edge ]]; then
  exec test/tools/edge.sh .build/tools
fi
test/tools/build.sh .build/tools
if [[ $(id -u) == 0 ]] && command -v debootstrap >/dev/null; then
  test/tools/base.sh .build/tools/base.tar
fi

# The python-dotenv that OpenAlgo reads its .env with, unless one is given.
[[ -n ${OPENALGO_PYTHON:-} ]] && exit
python=$PWD/.build/python/bin/python3
"$python" -c 'import dotenv, certbot' 2>/dev/null && exit
rm -rf .build/python
{ python3 -m venv .build/python && "$python" -m pip install -q --disable-pip-version-check python-dotenv==1.2.2 certbot==4.2.0; } ||
  echo "No python-dotenv: the tests that compare with it are skipped (apt-get install python3-venv)." >&2
