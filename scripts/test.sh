#!/usr/bin/env bash
# Sets up what the tests use and runs go test on the given packages. As root it
# installs what is missing, starts Docker, and requires both (OPENALGO_E2E=require);
# for another user it says at the end what was skipped, and why.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$PWD/.build

engine=
skipped=()
finish() {
  if [[ -n $engine ]]; then # ours, so it ends with us
    kill "$engine" 2>/dev/null || true
    for _ in {1..150}; do
      kill -0 "$engine" 2>/dev/null || break
      sleep 0.2
    done
  fi
  ((${#skipped[@]} == 0)) || printf 'Skipped: %s\n' "${skipped[@]}" >&2
}
trap finish EXIT

mapfile -t missing < <(scripts/need.sh tests)
for what in "${missing[@]}"; do
  skipped+=("tests that use $what: the package is missing. As root, make test installs it where there is apt-get")
done

tools=
if [[ ! -e $build || -w $build ]]; then # as another user: what is there
  scripts/tools.sh
  # Nobody waits for these before the tests of the program itself.
  scripts/tools.sh --e2e &
  tools=$!
else
  skipped+=("tests that use tools which $build has not got: it belongs to another user")
fi
export OPENALGO_COMPOSE=${OPENALGO_COMPOSE:-$build/tools/docker-compose}
export OPENALGO_REGISTRY=${OPENALGO_REGISTRY:-$build/tools/registry}
if [[ -z ${OPENALGO_PYTHON:-} && -x $build/python/bin/python3 ]]; then
  export OPENALGO_PYTHON=$build/python/bin/python3
fi

if [[ $(id -u) == 0 ]]; then
  engine=$(scripts/engine.sh --start)
  # Without apt-get some of it may not be had here.
  ((${#missing[@]})) || export OPENALGO_E2E=${OPENALGO_E2E:-require}
else
  skipped+=("tests that take root, such as those that change owners or mount. To run them: sudo env \"PATH=\$PATH\" make test")
  scripts/engine.sh --check ||
    skipped+=("tests that need Docker: no Docker Engine answers this user. To get one: sudo .build/openalgo-install docker")
fi

second=
if [[ $* == ./... ]]; then
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    test/second.sh fetch &
    second=$!
  else
    skipped+=("the journey on a second engine: it takes root and apt-get")
  fi
  mapfile -t units < <(go list ./... | grep -v /test/e2e)
  go test "${units[@]}"
  set -- ./test/e2e
fi
[[ -z $tools ]] || wait "$tools" || skipped+=("tests that need a tool which could not be made: its error is above")
if [[ -z ${OPENALGO_BASE:-} && -e $build/tools/base.tar ]]; then
  export OPENALGO_BASE=$build/tools/base.tar
fi
failed=
if [[ -n $second ]]; then
  if wait "$second"; then
    test/second.sh run &
    second=$!
  else
    second=
    [[ ${OPENALGO_E2E:-} != require ]] || failed=1
    skipped+=("the journey on a second engine: its packages could not be fetched, see above")
  fi
fi
# The tests of the program mostly wait for the engine: more at once than cores.
go test -timeout 40m -parallel 8 "$@" || failed=1
[[ -z $second ]] || wait "$second" || failed=1
[[ -z $failed ]]
