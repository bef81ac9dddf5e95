# What the tests of deploy share. Each sources it, as root, and gets: root, the top of
# the repository; work, a directory of its own; program, built as release 1.2.3.
# shellcheck shell=bash
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/.build/deploy
version=1.2.3
program=$build/openalgo-install
fail() {
  echo "FAIL: $*" >&2
  exit 1
}

[[ $(id -u) == 0 ]] || fail "this test needs root"
mkdir -p "$build"
work=$(mktemp -d "$build/${0##*/}.XXXXXX")
started=() # processes

finish() {
  local dir pid
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for dir in "$work"/*/oa-*/; do
    [[ -e $dir.env ]] || continue
    dir=${dir%/}
    "$program" uninstall --dir "$dir" --yes --now --purge="${dir##*/}" >/dev/null 2>&1 || echo "could not remove $dir" >&2
  done
  [[ -n ${KEEP:-} ]] || rm -rf "$work"
}
trap finish EXIT

need_program() {
  cd "$root"
  CGO_ENABLED=0 GOFLAGS="-buildvcs=false -tags=nethttpomithttp2 -trimpath" go build -o "$program" \
    -ldflags "-s -w -X github.com/marketcalls/openalgo-install/internal/cli.version=$version" ./cmd/openalgo-install
  scripts/engine.sh "$program"
}

# free_port prints a port that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# await FILE: waits until it is there.
await() {
  local deadline=$((SECONDS + 20))
  until [[ -e $1 ]]; do
    ((SECONDS < deadline)) || fail "$1 did not come"
    sleep 0.1
  done
}

# render ANSWERS VERSION CHECKSUM [NAME=VALUE...]: user_data, as the module in this
# directory renders it.
render() {
  local file=$1 release=$2 sum=$3 more=()
  : "${tool:?}"
  shift 3
  for value; do more+=(-var "$value"); done
  "$tool" apply -no-color -auto-approve -var "answers=$(cat "$file")" -var install_version="$release" -var install_checksum="$sum" "${more[@]}" >"$work/apply.log" 2>&1 ||
    fail "apply: $(cat "$work/apply.log")"
  "$tool" output -raw user_data
}

# serve_release sets releases, the address of a release that is made here, and script_sum.
serve_release() {
  go run ./test/deploy/release "$program" $version "$work/releases"
  local port
  port=$(free_port)
  python3 -m http.server --bind 127.0.0.1 --directory "$work/releases" "$port" >"$work/releases.log" 2>&1 &
  started+=($!)
  releases=http://127.0.0.1:$port
  script_sum=$(sha256sum <"$work/releases/download/v$version/install.sh")
  script_sum=${script_sum%% *}
  until curl -fs -o /dev/null "$releases/"; do
    kill -0 "${started[-1]}" || fail "the web server ended: $(cat "$work/releases.log")"
    sleep 0.1
  done
}
