#!/usr/bin/env bash
# release-key.sh KEY_FILE: checks that programs in the field take a release that
# is signed with this secret key of minisign, and prints what goreleaser needs in
# its environment. MINISIGN is the command, else the one that go.mod names.
set -euo pipefail

key=$1
read -ra minisign <<<"${MINISIGN:-go run aead.dev/minisign/cmd/minisign}"
list=.github/release-keys

keys_of() { grep -v '^#' | grep . || true; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${minisign[@]}" -R -s "$key" -p "$work/key.pub" >/dev/null
own=$(tail -n 1 "$work/key.pub")

if ! keys_of <"$list" | grep -qxF -- "$own"; then
  echo "release-key.sh: the secret key's public half, $own, is not in $list" >&2
  exit 1
fi
# What the previous release trusts was in this list then; the first has none.
if previous=$(git describe --tags --abbrev=0 --match 'v*' HEAD^ 2>/dev/null) &&
  trusted=$(git show "$previous:$list" 2>/dev/null | keys_of) && [[ -n $trusted ]] &&
  ! grep -qxF -- "$own" <<<"$trusted"; then
  echo "release-key.sh: $previous does not trust $own, so it could not update to this release. Sign this one with the key before; it may stand in $list beside the new one" >&2
  exit 1
fi

echo "RELEASE_KEY_FILE=$key"
echo "RELEASE_PUBLIC_KEY=$own"
echo "RELEASE_PUBLIC_KEYS=$(keys_of <"$list" | paste -sd,)"
