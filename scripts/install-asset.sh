#!/usr/bin/env bash
# Writes the install.sh that a release carries to OUT: with the release's VERSION,
# and with RELEASE_PUBLIC_KEYS, the keys that it verifies releases with. Without
# keys, as in a snapshot, they stay open, and that install.sh refuses to install.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:?usage: scripts/install-asset.sh OUT}
mkdir -p "$(dirname "$out")"
keys=${RELEASE_PUBLIC_KEYS:-@KEYS@}
sed -e "s|'@RELEASE@'|'${VERSION:?}'|" -e "s|'@KEYS@'|'${keys//,/ }'|" install.sh >"$out"
chmod 755 "$out"
