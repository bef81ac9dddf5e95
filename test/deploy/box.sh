#!/usr/bin/env bash
# Runs a script on a machine that is a copy of this one: an overlay of its files in memory,
# with processes, mounts and a name of its own, of which nothing stays. Its network and
# Docker are this machine's, and WORK is the same directory on both, for Docker's mounts.
#
#   test/deploy/box.sh WORK SCRIPT ARGUMENTS...
#
# The script is the first process there: it may become systemd.
set -euo pipefail

if [[ ${1:-} != --inside ]]; then
  exec unshare --mount --uts --ipc --pid --cgroup --fork --kill-child --propagation private "$0" --inside "$@"
fi
work=$2
shift 2

memory=$work/memory
mkdir -p "$memory"
mount -t tmpfs -o mode=0755 tmpfs "$memory"
mkdir "$memory"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$memory/upper,workdir=$memory/work" "$memory/root"
cd "$memory/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 none sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=0755 tmpfs dev
mkdir dev/shm dev/pts
for device in null zero full random urandom tty; do
  touch dev/$device
  mount --bind /dev/$device dev/$device
done
touch dev/console # systemd's
for n in 0 1 2; do ln -s /proc/self/fd/$n "dev/$(cut -d' ' -f$((n + 1)) <<<"stdin stdout stderr")"; done
ln -s /proc/self/fd dev/fd
mkdir -p ".$work"
mount --bind "$work" ".$work"
touch run/docker.sock
mount --bind "$(readlink -f /var/run/docker.sock)" run/docker.sock
hostname box
tr -d - </proc/sys/kernel/random/uuid >etc/machine-id
mkdir -p old
pivot_root . old
umount -l /old
mount --make-rshared / # systemd does this itself on a machine that is no container
exec "$@"
