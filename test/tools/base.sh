#!/usr/bin/env bash
# Makes OUT.tar: the files of a Debian with Python, Node.js and npm, as a base
# image for the builds of the tests, where no registry can be reached. Needs
# root and debootstrap. The machine's certificates go along, since the network
# of a test machine may have one of its own in the middle.
set -euo pipefail

out=${1:?usage: test/tools/base.sh OUT.tar}
npm=10.9.4 # the last that runs on bookworm's Node.js
stamp=$(cat "$0" /etc/ssl/certs/ca-certificates.crt | sha256sum | cut -d' ' -f1)
[[ -e $out && $(cat "$out.stamp" 2>/dev/null) == "$stamp" ]] && exit

echo "making the base image of the build tests (about a minute)" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log
debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv,nodejs bookworm "$work/root" \
  "${OPENALGO_DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }
cp /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/ca-certificates.crt"
mkdir -p "$work/root/usr/local/lib/node_modules/npm"
curl -fsSL "https://registry.npmjs.org/npm/-/npm-$npm.tgz" | tar -xz -C "$work/root/usr/local/lib/node_modules/npm" --strip-components=1
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/root/usr/local/bin/npm"
chmod 755 "$work/root/usr/local/lib/node_modules/npm/bin/npm-cli.js"
rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/dev
mkdir -p "$work/root/dev" "$(dirname "$out")"
tar -C "$work/root" -cf "$out" .
printf '%s' "$stamp" >"$out.stamp"
