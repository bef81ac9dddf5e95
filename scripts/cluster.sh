#!/usr/bin/env bash
# Builds into .build/cluster/bin what test/cluster.sh boots a Kubernetes of one node
# from: etcd and Kubernetes, from Go's module proxy, and the CNI plugins, from Debian.
# Takes about 25 minutes of a core and 3 GB of Go's cache the first time, and nothing
# where everything is there already.
#
#   scripts/cluster.sh           build what is missing
#   scripts/cluster.sh --check   say whether all of it is there
#
# OPENALGO_CLUSTER names another directory than .build/cluster. With NODE=no it is about
# etcd, kube-apiserver and kubectl only: what NODE=no test/cluster.sh needs.
set -euo pipefail
cd "$(dirname "$0")/.."

# 1.34 is the last Kubernetes whose kubelet starts on cgroup v1 by itself.
kubernetes=1.34.4
etcd=3.6.16
programs="kube-apiserver kubectl"
[[ ${NODE:-yes} == no ]] || programs+=" kube-controller-manager kube-scheduler kubelet"

cache=${OPENALGO_CLUSTER:-.build/cluster}
want="kubernetes $kubernetes etcd $etcd"

# complete: each program is of this version. One has its name only once it is whole.
complete() {
  local program
  [[ $(cat "$cache/begun" 2>/dev/null) == "$want" ]] || return 1
  for program in etcd $programs; do [[ -x $cache/bin/$program ]] || return 1; done
  [[ ${NODE:-yes} == no ]] || [[ -x $cache/cni/bridge && -x $cache/bin/pause ]]
}

if [[ ${1:-} == --check ]]; then
  complete
  exit
fi
complete && exit
mkdir -p "$cache"
cache=$(cd "$cache" && pwd -P)
mkdir -p "$cache/bin" "$cache/module" "$cache/etcd-module"
[[ $(cat "$cache/begun" 2>/dev/null) == "$want" ]] || rm -f "$cache"/bin/*
echo "$want" >"$cache/begun"

# Kubernetes needs HTTP/2, which this project's own flags leave out.
export CGO_ENABLED=0 GOFLAGS=-mod=mod GOWORK=off

# The programs are packages of k8s.io/kubernetes, which asks for its own parts by a
# version that does not exist: each is named as the release that belongs to it.
kubernetes_module() {
  cd "$cache/module"
  local version=0.${kubernetes#*.} mod
  printf 'module cluster\n\ngo 1.26\n\nrequire k8s.io/kubernetes v%s\n' "$kubernetes" >go.mod
  mod=$(go mod download -json "k8s.io/kubernetes@v$kubernetes" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
  sed -nE "s,^\s*(k8s.io/[a-z-]+) v0\.0\.0$,replace \1 => \1 v$version,p" "$mod" >>go.mod
  touch go.sum
}

kubernetes_program() { # NAME
  [[ ! -x $cache/bin/$1 ]] || return 0
  local minor=${kubernetes#*.}
  minor=${minor%%.*}
  echo "building $1 $kubernetes" >&2
  (cd "$cache/module" && go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$kubernetes -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$minor" \
    -o "$cache/bin/$1.part" "k8s.io/kubernetes/cmd/$1")
  mv "$cache/bin/$1.part" "$cache/bin/$1"
}

etcd_program() {
  [[ ! -x $cache/bin/etcd ]] || return 0
  echo "building etcd $etcd" >&2
  cd "$cache/etcd-module"
  printf 'module etcd\n\ngo 1.26\n\nrequire go.etcd.io/etcd/server/v3 v%s\n' "$etcd" >go.mod
  printf 'package main\n\nimport (\n\t"os"\n\n\t"go.etcd.io/etcd/server/v3/etcdmain"\n)\n\nfunc main() { etcdmain.Main(os.Args) }\n' >main.go
  go build -trimpath -buildvcs=false -ldflags "-s -w" -o "$cache/bin/etcd.part" .
  mv "$cache/bin/etcd.part" "$cache/bin/etcd"
}

# A pod's first process: a static program that waits.
pause_program() {
  [[ ! -x $cache/bin/pause ]] || return 0
  mkdir -p "$cache/pause-module" && cd "$cache/pause-module"
  printf 'module pause\n\ngo 1.26\n' >go.mod
  printf 'package main\n\nimport (\n\t"os"\n\t"os/signal"\n\t"syscall"\n)\n\nfunc main() {\n\tstop := make(chan os.Signal, 1)\n\tsignal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)\n\t<-stop\n}\n' >main.go
  go build -trimpath -buildvcs=false -ldflags "-s -w" -o "$cache/bin/pause.part" .
  mv "$cache/bin/pause.part" "$cache/bin/pause"
}

# The plugins are unpacked beside the host's, never installed.
cni_plugins() {
  [[ ! -x $cache/cni/bridge ]] || return 0
  if [[ -x /usr/lib/cni/bridge ]]; then
    mkdir -p "$cache/cni" && cp /usr/lib/cni/* "$cache/cni/"
    return
  fi
  local dir
  dir=$(mktemp -d "$cache/deb.XXXXXX")
  (cd "$dir" && apt-get download -q -o APT::Sandbox::User=root containernetworking-plugins >&2 && dpkg -x ./*.deb root)
  mkdir -p "$cache/cni"
  cp "$dir"/root/usr/lib/cni/* "$cache/cni/"
  rm -rf "$dir"
}

[[ ${NODE:-yes} == no ]] || (cni_plugins)
[[ ${NODE:-yes} == no ]] || (pause_program)
(etcd_program)
(kubernetes_module)
for program in $programs; do (kubernetes_program "$program"); done
