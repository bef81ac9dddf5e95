#!/usr/bin/env bash
# Measures, in one run and on one engine, a build whose context is 1 GB beside
# an ignored directory of 2 GB, with content that neither has seen before:
#
#   ours      openalgo-install, from the command to the built image: reading
#             the source for its name, sending it, and the build
#   docker    docker build with the same Dockerfile and .dockerignore
#
# once with the builder that each takes by itself, once with BuildKit, and once
# with the classic builder. A table goes to standard output, the same as JSON to
# .build/bench-build.json.
#
#   bench/build.sh          RUNS=3 by default
#
# It works in directories of its own and takes all of it away, but for the
# builder's cache (docker builder prune).
set -euo pipefail
cd "$(dirname "$0")/.."

export PROGRAM=${PROGRAM:-$PWD/.build/openalgo-install}
export DOCKER=${DOCKER:-/usr/bin/docker}
[[ -x $PROGRAM ]] || { echo "bench: $PROGRAM is missing: make build" >&2; exit 1; }
scripts/engine.sh --check || { echo "bench: no Docker Engine answers" >&2; exit 1; }
exec python3 bench/build.py --runs "${RUNS:-3}" --json .build/bench-build.json
