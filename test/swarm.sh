#!/usr/bin/env bash
# What `render --target swarm` writes, on a swarm of two engines of their own: placed on
# its node, ready, drained and back. Needs root, and this machine's dockerd.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
here=$(dirname "$(dirname "$self")")
program=${OPENALGO_PROGRAM:-$here/.build/openalgo-install}

fail() {
  echo "swarm.sh: $*" >&2
  exit 1
}
say() { printf '%6.1f s  %s\n' "$(bc <<<"$(date +%s.%N) - $began")" "$*"; }

engine() { # I: the first process of engine I
  local dir=$data/n$1
  mount -t tmpfs -o mode=0755 tmpfs /run
  ip link set lo up
  until ip link show eth0 >/dev/null 2>&1; do sleep 0.1; done
  ip addr add "10.99.0.$1/24" dev eth0
  ip link set eth0 up
  ip route add default via 10.99.0.254
  hostname "node$1"
  echo '{}' >"$dir/daemon.json"
  exec dockerd --config-file "$dir/daemon.json" --data-root "$dir/docker" --exec-root /run/docker --pidfile /run/docker.pid \
    -H "unix://$dir/docker.sock" --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/swarm-$(basename "$data")" >"$dir/log" 2>&1
}

stop() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  find /sys/fs/cgroup/*/"swarm-$(basename "$data")" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

on() { # I COMMAND...
  docker -H "unix://$data/n$1/docker.sock" "${@:2}"
}

swarm() {
  mount -t tmpfs -o mode=0755 tmpfs /run
  ip link set lo up
  ip link add sw0 type bridge
  ip addr add 10.99.0.254/24 dev sw0
  ip link set sw0 up
  local i end token
  pids=()
  trap stop EXIT
  for i in 1 2; do
    mkdir -p "$data/n$i"
    unshare --net --mount --uts "$self" --engine "$data" "$i" &
    pids+=($!)
    end=$((SECONDS + 30)) # until it has its namespace
    until [[ $(readlink "/proc/${pids[-1]}/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do
      ((SECONDS < end)) || fail "engine $i has no namespace"
      sleep 0.1
    done
    ip link add "v$i" type veth peer name eth0 netns "${pids[-1]}"
    ip link set "v$i" master sw0 up
  done
  for i in 1 2; do
    end=$((SECONDS + 60))
    until curl -fs -o /dev/null --unix-socket "$data/n$i/docker.sock" http://engine/_ping; do
      ((SECONDS < end)) || fail "engine $i did not come up: $(tail -n 20 "$data/n$i/log" 2>&1)"
      sleep 0.2
    done
  done
  on 1 swarm init --advertise-addr 10.99.0.1 >/dev/null
  token=$(on 1 swarm join-token -q worker)
  on 2 swarm join --token "$token" --advertise-addr 10.99.0.2 10.99.0.1:2377 >/dev/null
  say "a swarm of two"
  journey
}

until_is() { # SECONDS WANTED COMMAND...
  local end=$((SECONDS + $1)) wanted=$2 got=
  shift 2
  until got=$("$@" 2>/dev/null) && [[ $got == "$wanted" ]]; do
    ((SECONDS < end)) || fail "$*: $got, and $wanted was to be"
    sleep 0.5
  done
}
replicas() { on 1 service ls --format '{{.Replicas}}' --filter name=algo_openalgo; }
task() { on 1 service ps algo_openalgo --filter desired-state=running --format "{{.$1}}" | head -n 1; }
needs_setup() { curl -fsS http://10.99.0.2:15720/auth/check-setup | grep -o 'true\|false'; }

journey() {
  local i
  for i in 1 2; do on $i load -q -i "$data/image.tar" >/dev/null; done
  cd "$data/out"
  on 1 stack deploy --resolve-image never --compose-file docker-stack.yaml algo >"$data/said" 2>&1
  until_is 30 0/1 replicas # no node has the label
  on 1 node update --label-add openalgo=algo node2 >/dev/null
  until_is 180 1/1 replicas
  [[ $(task Node) == node2 ]] || fail "it is on $(task Node)"
  say "placed on its node, and ready"
  curl -fsS -o /dev/null -d username=trader http://10.99.0.2:15720/setup
  on 1 node update --availability drain node2 >/dev/null
  until_is 120 0/1 replicas
  [[ $(on 1 service ps algo_openalgo --format '{{.CurrentState}}' | head -n 1) == Pending* ]] || fail "it moved: $(on 1 service ps algo_openalgo)"
  on 1 node update --availability active node2 >/dev/null
  until_is 180 1/1 replicas
  until_is 30 false needs_setup
  say "drained, and back with its data"
  on 1 stack rm algo >/dev/null
}

case ${1:-} in
  --engine) data=$2 && engine "$3" ;;
  --inside)
    data=$2 began=$3
    swarm
    exit
    ;;
esac
[[ -x $program ]] || fail "there is no $program: make build"
[[ $(id -u) == 0 ]] || fail "needs root"
for tool in dockerd ip curl unshare bc; do command -v $tool >/dev/null || fail "$tool is missing"; done
began=$(date +%s.%N)
mkdir -p "$here/.build"
data=$(mktemp -d "$here/.build/swarm.XXXXXX")
clean() {
  [[ ! -e $data/vps ]] || "$program" uninstall --dir "$data/swarm-vps" --yes --now --purge=swarm-vps >/dev/null 2>&1 || true
  [[ -n ${KEEP:-} ]] || rm -rf --one-file-system "$data"
}
trap clean EXIT
answers="{version: 1, broker: {name: zerodha, api_key: swarm-api-key, api_secret: swarm-api-secret}, image: {source: rehearsal}, sizing: {ram: 2GB}, ports: {web: 15720, websocket: 15721, bind: 0.0.0.0}}"
"$program" render --target swarm --answers - --out "$data/out" --dir /srv/algo <<<"$answers" >/dev/null 2>&1
image=$(sed -n 's/^ *image: *"\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$data/out/docker-stack.yaml")
docker image inspect "$image" >/dev/null 2>&1 || {
  "$program" --answers - --dir "$data/swarm-vps" <<<"${answers/, bind: 0.0.0.0/}" >/dev/null
  touch "$data/vps"
}
docker save -o "$data/image.tar" "$image"
unset DOCKER_HOST DOCKER_CONTEXT
unshare --mount --net --pid --fork --mount-proc --kill-child "$self" --inside "$data" "$began"
