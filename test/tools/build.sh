#!/usr/bin/env bash
# Builds the programs that the tests need into OUTDIR: docker-compose (the
# referee) and registry. Does nothing when they are up to date.
set -euo pipefail

out=${1:?usage: test/tools/build.sh OUTDIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")"

stamp=$(cat go.mod go.sum build.sh registry/*.go | sha256sum | cut -d' ' -f1)-$(go env GOVERSION)
if [[ -x $out/docker-compose && -x $out/registry && $(cat "$out/.stamp" 2>/dev/null) == "$stamp" ]]; then
  exit 0
fi

echo "building the test tools into $out (the first time takes a few minutes)" >&2
compose=github.com/docker/compose/v5
version=$(go list -m -f '{{.Version}}' $compose)
export CGO_ENABLED=0
rm -f "$out/.stamp"
# Compose takes its labels from this variable, so it must say what it is.
go build -trimpath -ldflags "-s -w -X $compose/internal.Version=$version" -o "$out/docker-compose" $compose/cmd
go build -trimpath -ldflags '-s -w' -o "$out/registry" ./registry
printf '%s' "$stamp" >"$out/.stamp"
