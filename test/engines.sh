#!/usr/bin/env bash
# Runs a command against another engine than the host's:
#
#   test/engines.sh 26.1 -- go test ./test/e2e/...
#   test/engines.sh 28.5 -- docker version
#   test/engines.sh 28.5-containerd -- go test ./test/e2e/...
#   test/engines.sh 29 -- go test ./test/e2e/...
#   test/engines.sh podman -- go test ./test/e2e/...
#   test/engines.sh userns-remap -- go test ./test/e2e/...
#   test/engines.sh rootless -- go test ./test/e2e/... -run 'TestJourneyOfAnInstall|Rootless'
#   test/engines.sh podman-rootless -- go test ./test/e2e/... -run 'TestJourneyOfAnInstall|Rootless'
#   test/engines.sh 26.1-full -- go test ./test/e2e/... -run TestPoolsUsedUp
#   test/engines.sh all -- go test ./test/e2e/... -run TestJourney
#
#   test/engines.sh --fetch 26.1      brings its packages, and nothing more
#
# all runs the command on each engine in turn and prints a line for it; what the
# command says goes to a file in .build/engines.
#
# 28.5-containerd keeps images in containerd's store, as engines do by default
# from 29 on. 26.1-full has no addresses for another network (any version can). podman is its service as root. userns-remap is 26.1 with that setting. rootless and podman-rootless run as
# a user, and so does the command (test/rootless.sh); what it reads and writes must be
# that user's, too.
#
# The engine comes from Debian's packages (26.1 from trixie, 28.5 from sid) or,
# as no distribution has it yet, from its source (29, test/tools/engine.sh). It is
# unpacked beside the host's, never installed. Engine and command share mount,
# network and process namespaces of their own, with an empty /run: the host's
# engine is neither seen nor touched, a port that a container publishes is
# reachable for the command, and when the command ends all of it is gone.
#
# There is loopback and nothing else in there: what the command needs from a
# network (go mod download, make tools) comes before.
#
# Needs root, apt-get and Debian's keyring (the package debian-archive-keyring).
# Debian's mirror is the host's own, or DEBIAN_MIRROR, or deb.debian.org. The packages
# are cached in .build/engines.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${OPENALGO_ENGINES:-$here/../.build/engines}

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
  echo "engines.sh: $*" >&2
  exit 1
}

engines="26.1 28.5 28.5-containerd 29 podman userns-remap rootless podman-rootless"

# shellcheck source=test/podman.sh
source "$here/podman.sh"
# shellcheck source=test/rootless.sh
source "$here/rootless.sh"

# packages_of VERSION: Debian's suite, and what to take from there.
packages_of() {
  case $1 in
    26.1) echo trixie docker.io containerd runc tini ;;
    # docker-init is a link to tini-static, which sid has in a package of its own.
    28.5) echo sid docker.io containerd runc tini-static ;;
    29) echo trixie tini ;;
    rootless) echo bookworm docker.io containerd runc tini rootlesskit slirp4netns libslirp0 uidmap libsubid4 ;;
    podman) echo bookworm podman netavark aardvark-dns conmon runc catatonit golang-github-containers-common libsubid4 libgpgme11 libassuan0 libdevmapper1.02.1 ;;
    podman-rootless) echo bookworm podman netavark aardvark-dns conmon crun catatonit golang-github-containers-common \
      slirp4netns libslirp0 uidmap libsubid4 libgpgme11 libassuan0 libdevmapper1.02.1 libyajl2 ;;
    *) die "no engine $1: there are $engines" ;;
  esac
}

mirror() {
  local site=${DEBIAN_MIRROR:-}
  # shellcheck disable=SC2016 # apt-get expands it
  [[ -n $site ]] || site=$(apt-get indextargets --format '$(SITE)' 'Origin: Debian' 'Created-By: Packages' | grep -v security | sort -u | head -n 1) || true
  echo "${site:-http://deb.debian.org/debian}"
}

# fetch VERSION DIR: unpacks an engine and what it runs into DIR/root. apt gets a
# sources list, lists and archives of its own, so the host's package state stays
# as it is.
fetch() {
  local suite dir=$2 site packages
  packages=$(packages_of "$1")
  read -r suite packages <<<"$packages"
  [[ -e $dir/complete ]] && return
  site=$(mirror)
  [[ -e $keyring ]] || die "$keyring is missing: apt-get install debian-archive-keyring"
  rm -rf "$dir"
  mkdir -p "$dir"/{lists/partial,archives/partial,root}
  echo "deb [signed-by=$keyring] $site $suite main" >"$dir/sources.list"
  local apt=(apt-get -q
    -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$dir/lists" -o Dir::Cache::archives="$dir/archives"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o APT::Sandbox::User=root)
  "${apt[@]}" update >&2
  # shellcheck disable=SC2086 # they are words
  (cd "$dir/archives" && "${apt[@]}" download $packages >&2)
  for deb in "$dir"/archives/*.deb; do dpkg -x "$deb" "$dir/root"; done
  rm -rf "$dir/lists" "$dir/archives"
  if [[ $1 == 29 ]]; then
    "$here/tools/engine.sh" "$dir/root/usr/sbin"
    ln -s tini-static "$dir/root/usr/bin/docker-init"
  fi
  if [[ $1 == *rootless || $1 == podman ]]; then
    touch "$dir/complete"
    return
  fi
  # On a host with an older glibc runc does not start; the host's own serves.
  "$dir/root/usr/sbin/runc" --version >/dev/null 2>&1 || rm -f "$dir/root/usr/sbin/runc"
  "$dir/root/usr/sbin/dockerd" --version | grep -qF " $1." || die "this is another engine by now: $("$dir/root/usr/sbin/dockerd" --version)"
  touch "$dir/complete"
}

# start_docker DATA ROOT: Docker as root.
start_docker() {
  [[ ${OPENALGO_DAEMON_JSON:-} != *userns-remap* ]] || { chmod 0755 "$1" && add_user openalgo-remap 300000; }
  # A file of its own, or the host's /etc/docker/daemon.json would count.
  echo "${OPENALGO_DAEMON_JSON:-{\}}" >"$1/daemon.json"
  # cgroupfs, because systemd does not manage what runs in here.
  PATH=$2/usr/bin:$2/usr/sbin:$PATH setsid dockerd \
    --config-file "$1/daemon.json" --data-root "$1/docker" --exec-root /run/docker \
    --pidfile /run/docker.pid -H unix:///run/docker.sock \
    --exec-opt native.cgroupdriver=cgroupfs >"$1/engine.log" 2>&1 &
  engine=$!
  socket=/run/docker.sock
}

# inside DATA ROOT COMMAND...: the first process of the namespaces.
inside() {
  local data=$1 root=$2 rc=0 engine socket
  shift 2
  mount -t tmpfs -o mode=0755 tmpfs /run
  ip link set lo up
  if [[ -x $root/usr/bin/podman ]]; then
    start_podman "$data" "$root"
  else
    start_docker "$data" "$root"
  fi
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  # SIGTERM lets it stop the containers and take their cgroups away.
  trap 'kill $engine 2>/dev/null && wait $engine || true' EXIT

  await_socket $socket "$engine" "$data/engine.log"
  export DOCKER_HOST=unix://$socket
  export OPENALGO_OWN_ENGINE=1 # a test may kill it
  unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH
  "$@" || rc=$?
  exit $rc
}

# all COMMAND...: the command on each engine, one after the other.
all() {
  local engine begin result rc=0
  for engine in $engines; do
    begin=$SECONDS result=ok
    "$here/engines.sh" "$engine" -- "$@" >"$cache/$engine.log" 2>&1 || result=FAIL rc=1
    printf '%-15s  %-4s  %4d s' "$engine" $result $((SECONDS - begin))
    [[ $result == ok ]] && echo || echo "  $cache/$engine.log"
  done
  exit $rc
}

if [[ ${1:-} == --inside ]]; then
  shift
  inside "$@"
elif [[ ${1:-} == --inside-user ]]; then
  shift
  inside_user "$@"
fi

if [[ ${1:-} == --fetch ]]; then
  mkdir -p "$cache"
  fetch "$2" "$cache/$2"
  exit
fi
[[ $# -ge 3 && $2 == -- ]] || die "usage: test/engines.sh ${engines// /|}|all -- COMMAND..."
[[ $(id -u) == 0 ]] || die "a second engine needs root: sudo env \"PATH=\$PATH\" test/engines.sh $*"
for tool in apt-get dpkg unshare ip iptables curl; do
  command -v $tool >/dev/null || die "$tool is missing"
done
mkdir -p "$cache"
cache=$(cd "$cache" && pwd -P) # runc wants no link in a path
if [[ $1 == all ]]; then
  shift 2
  all "$@"
fi
version=${1%-containerd}
[[ $1 == "$version" ]] || export OPENALGO_DAEMON_JSON='{"features": {"containerd-snapshotter": true}}'
if [[ $1 == *-full ]]; then # docker0 takes the only range
  version=${1%-full}
  export OPENALGO_DAEMON_JSON='{"default-address-pools": [{"base": "10.213.0.0/24", "size": 24}]}'
fi
first=(--inside)
case $version in
  userns-remap)
    version=26.1
    export OPENALGO_DAEMON_JSON='{"userns-remap": "openalgo-remap"}' ;;
  *rootless) first=(--inside-user "$version") ;;
esac
shift 2
fetch "$version" "$cache/$version"
data=$(mktemp -d "$cache/data-$version.XXXXXX")
trap 'rm -rf --one-file-system "$data"' EXIT
rc=0
unshare --mount --net --pid --fork --mount-proc --kill-child \
  "$here/engines.sh" "${first[@]}" "$data" "$cache/$version/root" "$@" || rc=$?
exit $rc
