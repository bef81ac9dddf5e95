#!/usr/bin/env bash
# Sets up what the tests use and runs go test on the given packages.
# What is missing is skipped, unless OPENALGO_E2E=require.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$PWD/.build

tools=
if [[ ! -e $build || -w $build ]]; then # as another user: what is there
  scripts/tools.sh
  # Nobody waits for these before the tests of the program itself.
  scripts/tools.sh --e2e &
  tools=$!
fi
export OPENALGO_COMPOSE=${OPENALGO_COMPOSE:-$build/tools/docker-compose}
export OPENALGO_REGISTRY=${OPENALGO_REGISTRY:-$build/tools/registry}
if [[ -z ${OPENALGO_PYTHON:-} && -x $build/python/bin/python3 ]]; then
  export OPENALGO_PYTHON=$build/python/bin/python3
fi

if ! scripts/engine.sh --check; then
  if [[ $(id -u) == 0 ]]; then
    "$build/openalgo-install" docker
  else
    echo "No Docker Engine answers, so the tests that need one are skipped. To get one: sudo .build/openalgo-install docker" >&2
  fi
fi

if [[ $* == ./... ]]; then
  mapfile -t units < <(go list ./... | grep -v /test/e2e)
  go test "${units[@]}"
  set -- ./test/e2e
fi
[[ -z $tools ]] || wait "$tools" || echo "Some tools could not be made: the tests that need them are skipped." >&2
if [[ -z ${OPENALGO_BASE:-} && -e $build/tools/base.tar ]]; then
  export OPENALGO_BASE=$build/tools/base.tar
fi
# The tests of the program mostly wait for the engine: more at once than cores.
go test -timeout 40m -parallel 8 "$@"
