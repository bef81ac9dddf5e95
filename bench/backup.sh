#!/usr/bin/env bash
# Measures, in one run and on one engine, a backup of a volume of 5 GB:
#
#   ours      openalgo-install backup, which reads the archive back too: time,
#             peak memory of the process, and how long OpenAlgo was down
#   docker    docker run of a Debian with tar czf of the same volume, which the
#             old advice is: time alone; nothing is stopped, nothing checked
#
# A table goes to standard output, the same as JSON to .build/bench-backup.json.
#
#   bench/backup.sh          GIB=5 by default
#
# It installs into a directory and ports of its own and takes all of it away.
set -euo pipefail
cd "$(dirname "$0")/.."

export PROGRAM=${PROGRAM:-$PWD/.build/openalgo-install}
export COMPOSE=${COMPOSE:-none}
export BASE=${OPENALGO_BASE:-$PWD/.build/tools/base.tar}
for file in "$PROGRAM" "$BASE"; do
  [[ -e $file ]] || { echo "bench: $file is missing: make build tools" >&2; exit 1; }
done
scripts/engine.sh --check || { echo "bench: no Docker Engine answers" >&2; exit 1; }
exec python3 bench/backup.py --gib "${GIB:-5}" --json .build/bench-backup.json
