#!/usr/bin/env bash
# Installs what is missing, with apt-get, as root or through a sudo that asks for
# nothing. Prints what is missing in the end, a line each: package, what it is for.
#
#   scripts/need.sh make     what make itself needs beside Go
#   scripts/need.sh tests    what the tests use beside what scripts/tools.sh makes
set -euo pipefail
cd "$(dirname "$0")/.."

make_needs() {
  need ca-certificates "downloads" test -e /etc/ssl/certs/ca-certificates.crt
  need git "everything" command -v git
  need make "everything" command -v make
}

tests_need() {
  need debian-archive-keyring "the journey on a second engine" test -e /usr/share/keyrings/debian-archive-keyring.gpg
  need busybox "install.sh on a small machine" command -v busybox
  need curl "the base image, asking Docker" command -v curl
  need debootstrap "builds of an image from source" command -v debootstrap
  need docker.io "everything with Docker" has_docker
  need iproute2 "namespaces of the network" command -v ip
  need iptables "Docker's networks" command -v iptables
  need openssh-client "screens over SSH" command -v ssh
  need openssh-server "screens over SSH" test -x /usr/sbin/sshd
  need openssl "signatures in install.sh" command -v openssl
  need python3-venv "the comparison with python-dotenv, certbot" has_venv
}

has_docker() { command -v dockerd || scripts/engine.sh --check; }
has_venv() { test -x .build/python/bin/python3 || test -n "${OPENALGO_PYTHON:-}" || python3 -c 'import ensurepip'; }

need() { # PACKAGE PURPOSE COMMAND...
  local package=$1 purpose=$2
  shift 2
  "$@" >/dev/null 2>&1 || missing+=("$package ($purpose)")
}

case ${1:-} in
  make) list=make_needs ;;
  tests) list=tests_need ;;
  *) echo "usage: scripts/need.sh make|tests" >&2 && exit 2 ;;
esac

missing=()
"$list"
as_root=()
[[ $(id -u) == 0 ]] || as_root=(sudo -n)
if ((${#missing[@]})) && command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
  packages=("${missing[@]%% *}")
  echo "installing ${packages[*]}" >&2
  { "${as_root[@]}" apt-get update -q &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"; } >&2 || true
  missing=()
  "$list"
fi
((${#missing[@]} == 0)) || printf '%s\n' "${missing[@]}"
