# Engines that run as a user, for test/engines.sh, which sources this.
# shellcheck shell=bash

# The user that they run as, in here alone.
user=trader
uid=4001

# as_user COMMAND...: runs a command as that user, who has just logged in.
as_user() {
  setpriv --reuid $uid --regid $uid --init-groups env HOME="$home" XDG_RUNTIME_DIR=/run/user/$uid USER=$user "$@"
}

# add_user NAME FIRST: makes a user known, in here alone, whose further numbers begin
# with the first.
add_user() {
  local file
  for file in passwd group subuid subgid; do cp /etc/$file "/run/$file"; done
  echo "$1:x:$uid:$uid::${home:-/}:/bin/bash" >>/run/passwd
  echo "$1:x:$uid:" >>/run/group
  echo "$1:$2:65536" | tee -a /run/subuid >>/run/subgid
  for file in passwd group subuid subgid; do mount --bind "/run/$file" /etc/$file; done
}

# log_in DATA: gives the user what a login does, and the engine for its network.
log_in() {
  home=$1/home # on a disk: it has the engine's data
  add_user $user 200000
  mkdir -p "$home" /run/user/$uid
  chown $uid:$uid "$home" /run/user/$uid
  chmod 0700 /run/user/$uid
  chmod 0755 "$1"
  mkdir -p /dev/net
  mount -t tmpfs -o mode=0755 tmpfs /dev/net
  mknod -m 0666 /dev/net/tun c 10 200
}

# lend_go DATA: lets the user build with what root has built already.
lend_go() {
  command -v go >/dev/null || return 0
  local build
  build=$(go env GOCACHE)
  mkdir -p "$1"/go/{up,work,cache} /run/modules "$build"
  mount -t overlay overlay -o "lowerdir=$build,upperdir=$1/go/up,workdir=$1/go/work" "$1/go/cache"
  find "$1/go/cache" -maxdepth 1 -exec chown $uid:$uid {} +
  mount --bind "$(go env GOMODCACHE)" /run/modules
  export GOCACHE=$1/go/cache GOMODCACHE=/run/modules GOPROXY=off GOFLAGS="${GOFLAGS:-} -buildvcs=false"
}

# await_socket SOCKET PID LOG: waits until an engine answers.
await_socket() {
  local deadline=$((SECONDS + 60))
  until curl -fs -o /dev/null --unix-socket "$1" http://engine/_ping; do
    if ((SECONDS > deadline)) || ! kill -0 "$2" 2>/dev/null; then
      tail -n 20 "$3" >&2
      die "the engine did not come up"
    fi
    sleep 0.2
  done
}

# start_rootless DATA: Docker, as its own script starts it for a user.
start_rootless() {
  DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS=--disable-host-loopback=false as_user dockerd-rootless.sh >"$1/engine.log" 2>&1 &
  engine=$!
  await_socket /run/user/$uid/docker.sock $engine "$1/engine.log"
  export DOCKER_HOST=unix:///run/user/$uid/docker.sock
  # Its loopback is its own, and a test's registry is on ours: 10.0.2.2 from there.
  nsenter --net --target "$(cat /run/user/$uid/docker.pid)" sh -ec '
    echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
    iptables -t nat -I OUTPUT -d 127.0.0.1 -p tcp --dport 32768:60999 -j DNAT --to-destination 10.0.2.2
    iptables -t nat -I POSTROUTING -d 10.0.2.2 -j SNAT --to-source 10.0.2.100'
}

# start_podman_rootless DATA: Podman's service, as its socket unit would start it.
start_podman_rootless() {
  local at=/run/user/$uid/podman/podman.sock
  mkdir -p "${at%/*}"
  podman_files "$home/.config/containers" "$root" crun "$root/usr/bin/crun"
  printf '[storage]\ndriver = "overlay"\n' >"$home/.config/containers/storage.conf"
  chown -R $uid:$uid "$home/.config" "${at%/*}"
  # crun without root has one cgroup hierarchy or the other.
  ! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
  [[ ! -d /etc/containers ]] || mount -t tmpfs -o mode=0755 tmpfs /etc/containers # the host's
  as_user podman system service --time 0 unix://$at >"$1/engine.log" 2>&1 &
  engine=$!
  await_socket $at $engine "$1/engine.log"
  export DOCKER_HOST=unix://$at
}

# inside_user KIND DATA ROOT COMMAND...: the first process of the namespaces.
inside_user() {
  local kind=$1 data=$2 rc=0 engine
  root=$3
  shift 3
  mount -t tmpfs -o mode=0755 tmpfs /run
  ip link set lo up
  log_in "$data"
  lend_go "$data"
  export PATH=$root/usr/bin:$root/usr/sbin:$root/usr/share/docker.io/contrib:$PATH
  add_libraries "$root"
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  trap 'kill ${engine:-} 2>/dev/null && wait $engine || true' EXIT
  "start_${kind//-/_}" "$data"
  unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH
  as_user "$@" || rc=$?
  exit $rc
}
