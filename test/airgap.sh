#!/usr/bin/env bash
# An install, an upgrade and a rollback without a network: the directory of bundle, made
# with this machine's Docker, is used on Docker of its own in namespaces that have
# loopback and nothing else (test/engines.sh).
#
#   test/airgap.sh             on 26.1 and, with containerd's store, on 28.5
#   test/airgap.sh 26.1        on one of those that test/engines.sh knows
#
# Needs root, Docker, what test/engines.sh needs, and the program in .build (make build).
set -euo pipefail
cd "$(dirname "$0")/.."

program=$PWD/.build/openalgo-install

die() {
  echo "airgap.sh: $*" >&2
  exit 1
}

# inside WORK: on the machine without a network.
inside() {
  local work=$1 dir=$1/openalgo first second
  [[ -z $(ip route show default) ]] || die "there is a way out of here"
  ! timeout 3 bash -c '</dev/tcp/1.1.1.1/53' 2>/dev/null || die "there is a network in here"
  ! docker image ls -q | grep -q . || die "this Docker has images already"
  cd "$work/one"
  sha256sum --quiet -c SHA256SUMS
  cat >"$work/answers.yaml" <<END
version: 1
broker: {name: zerodha, credentials: later}
image: {source: file, path: $work/one/openalgo.tar.zst}
END
  local run=("$work/one/openalgo-install" --dir "$dir")
  "${run[@]}" --answers "$work/answers.yaml" --dry-run
  "${run[@]}" --answers "$work/answers.yaml"
  "${run[@]}" --answers "$work/answers.yaml" | grep -i 'nothing to do'
  "${run[@]}" status
  docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -v '^openalgo-install/openalgo:file-' && die "a name of the file reached Docker"
  first=$(docker inspect -f '{{.Image}}' openalgo-web 2>/dev/null || docker inspect -f '{{.Image}}' "$(docker ps -q)")
  "${run[@]}" upgrade --yes --now --to "$work/two/openalgo.tar.zst"
  second=$(docker inspect -f '{{.Image}}' "$(docker ps -q)")
  [[ $first != "$second" ]] || die "the upgrade changed nothing"
  rm -rf "$work/two"
  "${run[@]}" restart --yes --now
  "${run[@]}" rollback --yes --now
  [[ $(docker inspect -f '{{.Image}}' "$(docker ps -q)") == "$first" ]] || die "the rollback did not return to the first image"
  "${run[@]}" uninstall --yes --now --purge=openalgo
}

if [[ ${1:-} == --inside ]]; then
  inside "$2"
  exit
fi

[[ $(id -u) == 0 ]] || die "a second engine needs root: sudo env \"PATH=\$PATH\" test/airgap.sh"
[[ -x $program ]] || die "$program is missing: make build"
work=$(mktemp -d /var/tmp/openalgo-airgap.XXXXXX)
newer=openalgo-airgap-newer:$$
clean() {
  docker image rm -f "$newer" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean EXIT

"$program" bundle --to "$work/one" --image rehearsal
image=$(sed -n 's/^Image: //p' "$work/one/README.txt")
docker build -q -t "$newer" - <<END >/dev/null
FROM $image
LABEL org.opencontainers.image.version=2
END
"$program" bundle --to "$work/two" --image "$newer"

for engine in "${@:-26.1 28.5-containerd}"; do
  # shellcheck disable=SC2086 # they are words
  for one in $engine; do
    cp -R "$work/two" "$work/kept"
    test/engines.sh "$one" -- test/airgap.sh --inside "$work" >"$work/said" 2>&1 || { cat "$work/said" >&2; die "FAIL on Docker $one"; }
    echo "ok  	without a network, on Docker $one"
    rm -rf "$work/two" "$work/openalgo"
    mv "$work/kept" "$work/two"
  done
done
