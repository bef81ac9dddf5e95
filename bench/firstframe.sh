#!/usr/bin/env bash
# Measures on a terminal of its own, beside `sh -c true` on the same one:
#
#   first     from exec to the wizard's first page
#   full      from exec to that page with what was found on this machine
#
#   bench/firstframe.sh          RUNS=20 by default
set -euo pipefail
cd "$(dirname "$0")/.."

export PROGRAM=${PROGRAM:-$PWD/.build/openalgo-install}
[[ -x $PROGRAM ]] || { echo "bench: $PROGRAM is missing: make build" >&2; exit 1; }
exec python3 bench/firstframe.py --runs "${RUNS:-20}"
