#!/usr/bin/env bash
# Measures, in one run and on one engine:
#
#   ready     from the command to a verified stack, with the rehearsal image,
#             beside `docker compose up -d --wait` with the same file and image
#   again     a second run that has nothing to do, beside `docker compose up -d`
#   size      of the program, --help (median of RUNS) and its peak memory
#
# A table goes to standard output, the same as JSON to .build/bench.json.
#
#   bench/run.sh          RUNS=5 by default
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
exec python3 bench/bench.py --runs "${RUNS:-5}" --json .build/bench.json
