# Podman, for test/engines.sh, which sources this.
# shellcheck shell=bash

# add_libraries ROOT: those that an engine brings, beside the host's: LD_LIBRARY_PATH
# does not count for newuidmap, which is setuid, and conmon does not pass it on.
add_libraries() {
  local lib
  lib=/usr/lib/$(uname -m)-linux-gnu
  [[ ! -d $1$lib ]] || mount -t overlay overlay -o "lowerdir=$1$lib:$lib" "$lib"
}

# podman_files DIR ROOT RUNTIME PROGRAM: all that /etc/containers would say. Registries
# on loopback need no TLS, as Docker has it. OPENALGO_PODMAN_USERNS gives containers
# other users: keep-id, auto.
podman_files() {
  local limits users=
  [[ -z ${OPENALGO_PODMAN_USERNS:-} ]] || users="userns = \"$OPENALGO_PODMAN_USERNS\""
  limits="[\"nofile=$(ulimit -Hn):$(ulimit -Hn)\", \"nproc=$(ulimit -Hu | sed s/unlimited/-1/):$(ulimit -Hu | sed s/unlimited/-1/)\"]"
  mkdir -p "$1"
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$1/policy.json"
  cat >"$1/containers.conf" <<END
[containers]
default_ulimits = $limits
$users
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "$3"
conmon_path = ["$2/usr/bin/conmon"]
helper_binaries_dir = ["$2/usr/lib/podman", "$2/usr/libexec/podman", "$2/usr/bin"]
init_path = "$2/usr/bin/catatonit"
[engine.runtimes]
$3 = ["$4"]
[network]
network_backend = "netavark"
END
  cat >"$1/registries.conf" <<'END'
unqualified-search-registries = ["docker.io"]
[[registry]]
location = "127.0.0.1"
insecure = true
[[registry]]
location = "localhost"
insecure = true
END
}

# start_podman DATA ROOT: Podman's service as root. runc, since crun does not start
# containers on a host that has both versions of cgroups.
start_podman() {
  local files=$1/home/.config/containers
  add_libraries "$2"
  podman_files "$files" "$2" runc "$2/usr/sbin/runc"
  printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/podman"\nrunroot = "/run/containers/storage"\n' "$1" >"$files/storage.conf"
  mkdir -p /run/podman
  HOME=$1/home PATH=$2/usr/bin:$2/usr/sbin:$PATH CONTAINERS_CONF=$files/containers.conf CONTAINERS_STORAGE_CONF=$files/storage.conf \
    CONTAINERS_REGISTRIES_CONF=$files/registries.conf setsid podman system service --time=0 unix:///run/podman/podman.sock >"$1/engine.log" 2>&1 &
  engine=$!
  socket=/run/podman/podman.sock
}
