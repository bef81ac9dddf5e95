#!/usr/bin/env bash
# Measures, in one run and on one engine, how long a client that asks 20 times
# a second gets no answer:
#
#   resize    openalgo-install resize, from the 4 GB row to the 8 GB row
#   compose   docker compose up -d after the same seven lines were edited
#   restart   openalgo-install restart: the app's own stop and start
#
# A table goes to standard output, the same as JSON to .build/bench-resize.json.
#
#   bench/resize.sh          RUNS=5 by default
#
# It installs into a directory and ports of its own and takes all of it away.
set -euo pipefail
cd "$(dirname "$0")/.."

export PROGRAM=${PROGRAM:-$PWD/.build/openalgo-install}
export COMPOSE=${OPENALGO_COMPOSE:-$PWD/.build/tools/docker-compose}
for file in "$PROGRAM" "$COMPOSE"; do
  [[ -x $file ]] || { echo "bench: $file is missing: make build tools" >&2; exit 1; }
done
scripts/engine.sh --check || { echo "bench: no Docker Engine answers" >&2; exit 1; }
exec python3 bench/resize.py --runs "${RUNS:-5}" --json .build/bench-resize.json
