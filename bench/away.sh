#!/usr/bin/env bash
# Measures, in one run and against the same servers on loopback, a copy of one backup to
# a store on another machine:
#
#   ours      openalgo-install backup --to s3:// and sftp://: how long the copy takes,
#             which encrypts it and compares it, and the peak memory of the process
#   rclone    rclone copyto of the same file
#   restore   openalgo-install restore s3:// into an empty directory, with nothing but
#             the address, its keys and the identity: time and peak memory
#
# A table goes to standard output, the same as JSON to .build/bench-away.json.
# --check exits with 1 where ours takes more than 1.2 times as long as rclone, or more
# than 80 MB.
#
#   bench/away.sh [--check]          MIB=5120 by default
#
# It needs Docker, rclone, ssh and sshd, and root. versitygw is built by Go's proxy into
# .build/bench the first time. It takes three times MIB of disk, and removes it again.
set -euo pipefail
cd "$(dirname "$0")/.."

export PROGRAM=${PROGRAM:-$PWD/.build/openalgo-install}
export RCLONE=${RCLONE:-$(command -v rclone || true)}
export COMPOSE=${COMPOSE:-none}
export GATEWAY=${GATEWAY:-$PWD/.build/bench/versitygw}
[[ -x $PROGRAM ]] || { echo "bench: $PROGRAM is missing: make build" >&2; exit 1; }
[[ -x $RCLONE ]] || { echo "bench: rclone is missing: apt-get install rclone, or RCLONE=FILE" >&2; exit 1; }
scripts/engine.sh --check || { echo "bench: no Docker Engine answers" >&2; exit 1; }
if [[ ! -x $GATEWAY ]]; then
  dir=$(mktemp -d)
  printf 'module gateway\n\ngo 1.26\n' >"$dir/go.mod"
  (cd "$dir" && export GOFLAGS=-mod=mod && go mod edit -require=github.com/versity/versitygw@v1.8.0 &&
    go build -o "$GATEWAY" github.com/versity/versitygw/cmd/versitygw)
  rm -rf "$dir"
fi
exec python3 bench/away.py --mib "${MIB:-5120}" --json .build/bench-away.json "$@"
