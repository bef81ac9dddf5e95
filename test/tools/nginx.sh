#!/usr/bin/env bash
# Unpacks Debian's nginx into OUTDIR/nginx, without installing it: an installed
# one would start on port 80 of this machine.
set -euo pipefail

out=${1:?usage: test/tools/nginx.sh OUTDIR}
[[ -x $out/nginx/usr/sbin/nginx ]] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt fetches as a user of its own
(cd "$work" && apt-get download -q nginx >/dev/null)
mkdir -p "$out/nginx"
dpkg -x "$work"/nginx_*.deb "$out/nginx"
"$out/nginx/usr/sbin/nginx" -v 2>/dev/null || {
  echo "nginx does not run here: a library of it is missing" >&2
  rm -rf "$out/nginx"
  exit 1
}
