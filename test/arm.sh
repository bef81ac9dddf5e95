#!/usr/bin/env bash
# What openalgo-install does on 32-bit ARM, of which there is no OpenAlgo: size, answers
# and render work, and the rest names the reason. Runs the program under qemu; as root,
# where no Docker is seen. make engines calls it.
set -euo pipefail
cd "$(dirname "$0")/.."

qemu=$(command -v qemu-arm-static || command -v qemu-arm) || {
  echo "arm.sh: qemu is missing: apt-get install qemu-user-static (or qemu-user)" >&2
  exit 1
}
[[ $(id -u) == 0 ]] || { echo "arm.sh: hiding this machine's Docker needs root" >&2; exit 1; }
if [[ ${1:-} != --inside ]]; then
  exec unshare --mount "$0" --inside
fi
mount -t tmpfs tmpfs /run # where Docker's socket is
unset DOCKER_HOST DOCKER_CONTEXT

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
CGO_ENABLED=0 GOARCH=arm GOARM=7 go build -o "$work/openalgo-install" ./cmd/openalgo-install
cp test/answers/rehearsal.yaml "$work/answers.yaml"
chmod 600 "$work/answers.yaml"
failed=0

# says EXIT TEXT ARGUMENT...: the program ends with EXIT, and says TEXT.
says() {
  local want=$1 text=$2 rc=0 out
  shift 2
  out=$("$qemu" "$work/openalgo-install" "$@" 2>&1 </dev/null) || rc=$?
  [[ $rc == "$want" && $out == *"$text"* ]] && return
  printf 'FAIL  %s: exit %d, not %d with "%s"\n%s\n' "$*" $rc "$want" "$text" "$out" >&2
  failed=1
}

says 0 "(linux/arm, " --version
says 0 "Usage:" --help
says 0 '"ram_mib": 4096' size --ram 4096 --json
says 0 "This machine has" size
says 0 "is valid" answers check "$work/answers.yaml"
says 0 "" render --answers "$work/answers.yaml" --out "$work/files"
[[ -s $work/files/docker-compose.yaml && -s $work/files/.env ]] || { echo "FAIL  render wrote no files" >&2; failed=1; }

reason="this machine is 32-bit ARM"
says 3 "$reason" --answers "$work/answers.yaml" --dir "$work/none"
says 3 "$reason" docker --dry-run
says 3 "$reason" status
says 1 "$reason" doctor
[[ ! -e $work/none ]] || { echo "FAIL  the refused install made $work/none" >&2; failed=1; }

((failed)) || echo "ok    32-bit ARM"
exit $failed
