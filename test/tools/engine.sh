#!/usr/bin/env bash
# Builds the engine of Docker's 29 line into OUTDIR, from Go's proxy: dockerd,
# docker-proxy, containerd with its shim and ctr, runc. runc is partly C: it
# needs gcc, pkg-config and libseccomp-dev.
set -euo pipefail

out=${1:?usage: test/tools/engine.sh OUTDIR}
moby=v2.0.0-beta.24 containerd=v2.3.5 runc=v1.5.2

pkg-config --exists libseccomp && command -v gcc >/dev/null || {
  echo "engine.sh: runc needs a C compiler and libseccomp: apt-get install gcc libc6-dev pkg-config libseccomp-dev" >&2
  exit 1
}
mkdir -p "$out"
out=$(cd "$out" && pwd)
echo "building Docker's 29 line into $out (this takes a few minutes)" >&2
export GOBIN=$out GOFLAGS=-buildvcs=false CGO_ENABLED=0
# Unless it is told, dockerd has no version.
go install -trimpath -ldflags "-s -w -X github.com/moby/moby/v2/dockerversion.Version=29.0.0-${moby#v2.0.0-}" \
  "github.com/moby/moby/v2/cmd/dockerd@$moby" "github.com/moby/moby/v2/cmd/docker-proxy@$moby"
go install -trimpath -ldflags '-s -w' "github.com/containerd/containerd/v2/cmd/containerd@$containerd" \
  "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2@$containerd" "github.com/containerd/containerd/v2/cmd/ctr@$containerd"
CGO_ENABLED=1 go install -trimpath -ldflags '-s -w' -tags seccomp "github.com/opencontainers/runc@$runc"
