#!/usr/bin/env bash
# Builds into OUTDIR what the tests of HTTPS use: Caddy, which they make the
# edge's image of, and Pebble, a certificate authority, with the DNS server
# that it asks. Unpacks nginx beside them where there is apt.
set -euo pipefail

out=${1:?usage: test/tools/edge.sh OUTDIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)
caddy=v2.11.9 pebble=v2.10.1

stamp="$caddy $pebble $(go env GOVERSION)"
if [[ -x $out/caddy && -x $out/pebble && $(cat "$out/.edge" 2>/dev/null) == "$stamp" ]]; then
  :
else
  echo "building Caddy and Pebble into $out (the first time takes a few minutes)" >&2
  rm -f "$out/.edge"
  export CGO_ENABLED=0 GOBIN=$out GOFLAGS=-buildvcs=false
  # The tags leave out databases that Caddy's own authority could use.
  go install -trimpath -ldflags '-s -w' -tags nobadger,nomysql,nopgx "github.com/caddyserver/caddy/v2/cmd/caddy@$caddy"
  go install -trimpath -ldflags '-s -w' "github.com/letsencrypt/pebble/v2/cmd/pebble@$pebble" \
    "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv@$pebble"
  printf '%s' "$stamp" >"$out/.edge"
fi

if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
  "$(dirname "$0")/nginx.sh" "$out"
fi
