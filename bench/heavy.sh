#!/usr/bin/env bash
# Measures, in one run and on one engine, on an app as heavy as OpenAlgo
# (bench/heavy: its libraries, its start, none of its code):
#
#   install, restart, set, resize, upgrade    beside Docker Compose with the
#       same .env, with an image as upstream publishes it (no bytecode) and with
#       one that openalgo-install builds from the same source
#   backup    while a row is committed 50 times a second and 50 WebSockets are
#       open, beside stop, tar, start; every copy is opened and its rows counted
#   build     seconds and MB, beside docker build
#   the test app's install, and a run that has nothing to do
#
# A table goes to standard output, the same and every single measurement as JSON
# to .build/bench/heavy.json. How to read it: CONTRIBUTING.md.
#
#   bench/heavy.sh [--check]     ROUNDS=1 of each case, RUNS=10 backups, GIB=5 for
#                                a large backup, too; --check: exit 1 on a miss
#   bench/heavy.sh --clean       removes the images that are kept for the next run
#
# It installs into directories and ports of its own and takes all of it away, but
# for those images and the builder's cache (docker builder prune).
set -euo pipefail
cd "$(dirname "$0")/.."

export PROGRAM=${PROGRAM:-$PWD/.build/openalgo-install}
export COMPOSE=${OPENALGO_COMPOSE:-$PWD/.build/tools/docker-compose}
export REGISTRY=${OPENALGO_REGISTRY:-$PWD/.build/tools/registry}
export BASE=${OPENALGO_BASE:-$PWD/.build/tools/base.tar}
scripts/engine.sh --check || { echo "bench: no Docker Engine answers" >&2; exit 1; }
[[ ${1:-} != --clean ]] || exec python3 bench/images.py
for file in "$PROGRAM" "$COMPOSE" "$REGISTRY" "$BASE"; do
  [[ -e $file ]] || { echo "bench: $file is missing: make build tools, as root and with debootstrap" >&2; exit 1; }
done
exec python3 bench/heavy.py --rounds "${ROUNDS:-1}" --backups "${RUNS:-10}" --gib "${GIB:-0}" --json .build/bench/heavy.json "$@"
