#!/usr/bin/env bash
# Writes the shell completions and man pages that a release carries into
# .build/release. DATE (RFC 3339, the commit's) goes into the man pages, so
# that one commit always gives the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."

out=.build/release
rm -rf "$out"
mkdir -p "$out/completions" "$out/man"
program=$out/openalgo-install
go build -trimpath -ldflags "-X github.com/marketcalls/openalgo-install/internal/cli.version=${VERSION:-dev} -X github.com/marketcalls/openalgo-install/internal/cli.date=${DATE:-}" \
  -o "$program" ./cmd/openalgo-install
for shell in bash zsh fish; do
  "$program" completion "$shell" >"$out/completions/openalgo-install.$shell"
done
"$program" man --to "$out/man"
gzip -9n "$out"/man/*.1
rm "$program"
