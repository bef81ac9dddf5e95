#!/usr/bin/env bash
# Runs a command in a Kubernetes of one node, which is gone when the command ends:
#
#   test/kube.sh DATA COMMAND...
#
# The command finds it by KUBECONFIG and has its kubectl. What scripts/cluster.sh built
# is in OPENALGO_CLUSTER (.build/cluster); containerd, runc, ctr, ip and openssl are
# this machine's.
#
#   NODE=no       etcd and kube-apiserver only: no pod runs
#   IMAGES="..."  files of `docker save`, which the node has
#
# All of it lives in mount, network and process namespaces of its own with an empty
# /run, so that this machine's containers are neither seen nor touched. Needs root.
set -euo pipefail

self=$(readlink -f "${BASH_SOURCE[0]}")
node_ip=192.168.99.1

die() {
  echo "kube.sh: $*" >&2
  exit 1
}

start() { # NAME COMMAND...
  local name=$1
  shift
  setsid "$@" >"$data/log/$name.log" 2>&1 &
  pids+=($!)
}

wait_for() { # SECONDS WHAT COMMAND...
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= end)); then
      tail -n 5 "$data"/log/*.log >&2
      die "$what did not come up"
    fi
    sleep 0.3
  done
}

certificate() { # NAME SUBJECT [NAMES]
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$pki/$1.key" -subj "$2" -out "$pki/$1.csr" 2>/dev/null
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 2 -out "$pki/$1.crt" \
    -extfile <(echo "extendedKeyUsage=clientAuth,serverAuth" && [[ -z ${3:-} ]] || echo "subjectAltName=$3") 2>/dev/null
}

kubeconfig() { # NAME
  cat >"$data/$1.conf" <<END
apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: "https://127.0.0.1:6443", certificate-authority: $pki/ca.crt}}]
users: [{name: me, user: {client-certificate: $pki/$1.crt, client-key: $pki/$1.key}}]
contexts: [{name: here, context: {cluster: here, user: me}}]
current-context: here
END
}

certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$pki/ca.key" -out "$pki/ca.crt" -days 2 -subj /CN=here 2>/dev/null
  openssl genrsa -out "$pki/sa.key" 2048 2>/dev/null
  certificate apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
  certificate admin /O=system:masters/CN=admin
  certificate controller /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate kubelet /O=system:nodes/CN=system:node:here "DNS:here,IP:$node_ip"
  local name
  for name in admin controller scheduler kubelet; do kubeconfig $name; done
}

control_plane() {
  start etcd "$bin/etcd" --data-dir "$data/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --unsafe-no-fsync
  start apiserver "$bin/kube-apiserver" --etcd-servers http://127.0.0.1:2379 --secure-port 6443 --bind-address 0.0.0.0 --advertise-address "$node_ip" \
    --client-ca-file "$pki/ca.crt" --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" \
    --kubelet-client-certificate "$pki/admin.crt" --kubelet-client-key "$pki/admin.key" \
    --service-account-key-file "$pki/sa.key" --service-account-signing-key-file "$pki/sa.key" --service-account-issuer https://kubernetes.default.svc \
    --service-cluster-ip-range 10.96.0.0/16 --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --allow-privileged=true \
    --kubelet-preferred-address-types InternalIP # exec and logs know no other name of the node
  export KUBECONFIG=$data/admin.conf
  wait_for 120 kube-apiserver "$bin/kubectl" get --raw /readyz
  [[ ${NODE:-yes} != no ]] || return 0
  start controller "$bin/kube-controller-manager" --kubeconfig "$data/controller.conf" --use-service-account-credentials --leader-elect=false \
    --service-account-private-key-file "$pki/sa.key" --root-ca-file "$pki/ca.crt" --cluster-signing-cert-file "$pki/ca.crt" --cluster-signing-key-file "$pki/ca.key" \
    --allocate-node-cidrs=false --pvclaimbinder-sync-period 1s
  start scheduler "$bin/kube-scheduler" --kubeconfig "$data/scheduler.conf" --leader-elect=false
}

# A pause image, and nothing asked of a registry.
pause_image() {
  local dir=$data/pause sum
  mkdir -p "$dir"
  install -m 0755 "$bin/pause" "$dir/pause"
  tar -C "$dir" --owner 0 --group 0 -cf "$dir/layer.tar" pause
  sum=$(sha256sum "$dir/layer.tar" | cut -d' ' -f1)
  printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$(dpkg --print-architecture)" "$sum" >"$dir/config.json"
  printf '[{"Config":"config.json","RepoTags":["kube.local/pause:1"],"Layers":["layer.tar"]}]' >"$dir/manifest.json"
  tar -C "$dir" -cf "$data/pause.tar" manifest.json config.json layer.tar
}

node() {
  mkdir -p /run/cni "$data/cni" "$data/containerd"
  cat >"$data/cni/10-bridge.conflist" <<'END'
{"cniVersion":"0.4.0","name":"pods","plugins":[
  {"type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,"hairpinMode":true,
   "ipam":{"type":"host-local","ranges":[[{"subnet":"10.244.0.0/24"}]],"routes":[{"dst":"0.0.0.0/0"}],"dataDir":"/run/cni"}},
  {"type":"portmap","capabilities":{"portMappings":true}}]}
END
  cat >"$data/containerd.toml" <<END
version = 2
root = "$data/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "kube.local/pause:1"
  restrict_oom_score_adj = true # else no pod starts where root may not lower it
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$cni"
    conf_dir = "$data/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
END
  start containerd containerd --config "$data/containerd.toml"
  wait_for 60 containerd ctr version
  pause_image
  local image
  for image in "$data/pause.tar" ${IMAGES:-}; do ctr -n k8s.io images import "$image" >/dev/null || die "importing $image"; done
  cat >"$data/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
cgroupRoot: $cgroup
failSwapOn: false
failCgroupV1: false
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
authentication: {anonymous: {enabled: false}, x509: {clientCAFile: $pki/ca.crt}, webhook: {enabled: true}}
authorization: {mode: Webhook}
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
clusterDomain: cluster.local
clusterDNS: [10.96.0.10]
resolvConf: "$data/resolv.conf"
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
imageGCHighThresholdPercent: 100
localStorageCapacityIsolation: false
makeIPTablesUtilChains: true
END
  echo "nameserver 127.0.0.1" >"$data/resolv.conf"
  start kubelet "$bin/kubelet" --config "$data/kubelet.yaml" --kubeconfig "$data/kubelet.conf" --root-dir "$data/kubelet" --hostname-override here --node-ip "$node_ip"
  wait_for 120 "the node" "$bin/kubectl" wait --for=condition=Ready node/here --timeout=1s
}

cgroups() {
  local controller
  for controller in /sys/fs/cgroup/*/; do mkdir -p "$controller$cgroup" 2>/dev/null || true; done
  # A new cpuset is empty under cgroup v1, and takes no process before it is filled.
  if [[ -e /sys/fs/cgroup/cpuset$cgroup/cpuset.cpus ]]; then
    cat /sys/fs/cgroup/cpuset/cpuset.cpus >"/sys/fs/cgroup/cpuset$cgroup/cpuset.cpus"
    cat /sys/fs/cgroup/cpuset/cpuset.mems >"/sys/fs/cgroup/cpuset$cgroup/cpuset.mems"
  fi
}

inside() { # COMMAND...
  mount -t tmpfs -o mode=0755 tmpfs /run
  mount --make-rshared /
  ip link set lo up
  # A node needs an address other than loopback, and a route.
  ip link add kube0 type bridge
  ip addr add $node_ip/24 dev kube0
  ip link set kube0 up
  ip route add default via 192.168.99.254 dev kube0
  echo 1 >/proc/sys/net/ipv4/ip_forward
  cgroups
  pids=()
  trap stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  certificates
  control_plane
  [[ ${NODE:-yes} == no ]] || node
  export PATH=$bin:$PATH
  local rc=0
  "$@" || rc=$?
  exit $rc
}

stop() {
  local rc=$? id i
  trap - EXIT
  if [[ ${NODE:-yes} != no ]]; then
    kill "${pids[-1]}" 2>/dev/null || true # the kubelet first, or it starts what is stopped
    for id in $(ctr -n k8s.io task ls -q 2>/dev/null); do ctr -n k8s.io task kill -s KILL "$id" 2>/dev/null || true; done
    sleep 1
    for id in $(ctr -n k8s.io task ls -q 2>/dev/null); do ctr -n k8s.io task rm -f "$id" 2>/dev/null || true; done
  fi
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill "${pids[i]}" 2>/dev/null || true; done
  sleep 1
  # The pods' mounts go with the mount namespace; their cgroups do not.
  find /sys/fs/cgroup/*"$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
  exit $rc
}

if [[ ${1:-} == --inside ]]; then
  bin=$2/bin cni=$2/cni data=$3 pki=$3/pki cgroup=/kube-$(basename "$3")
  shift 3
  inside "$@"
fi
(($# >= 2)) || die "usage: test/kube.sh DATA COMMAND..."
[[ $(id -u) == 0 ]] || die "needs root"
cluster=$(cd "${OPENALGO_CLUSTER:-$(dirname "$self")/../.build/cluster}" && pwd -P)
for tool in containerd runc ctr ip iptables openssl unshare; do
  [[ ${NODE:-yes} == no && $tool == @(containerd|runc|ctr|iptables) ]] || command -v $tool >/dev/null || die "$tool is missing"
done
mkdir -p "$1"
data=$(cd "$1" && pwd -P)
shift
mkdir -p "$data"/{pki,log}
exec unshare --mount --net --pid --fork --mount-proc --kill-child "$self" --inside "$cluster" "$data" "$@"
