#!/usr/bin/env bash
# The service of deploy/systemd, in a systemd that starts for it: the secrets are encrypted
# credentials, and what is installed answers.
set -euo pipefail
# shellcheck source=test/deploy/lib.sh
source "$(dirname "$0")/lib.sh"

# inside: the first process of the box, which becomes systemd.
inside() {
  local etc=/etc/openalgo-install units=/etc/systemd/system key
  install -m 755 "$program" /usr/local/bin/openalgo-install
  install -d -m 700 $etc
  {
    cat "$root/deploy/systemd/answers.yaml"
    echo "image: {source: rehearsal}"
    echo "sizing: {ram: 4GB, cores: 2}"
    echo "ports: {web: $web, websocket: $websocket}"
  } >$etc/answers.yaml
  mkdir "$work/var" # the key of a machine must be on a disk
  mount --bind "$work/var" /var/lib/systemd
  for key in broker_api_key broker_api_secret; do
    printf '%s-canary-5e80' $key | systemd-creds encrypt --name=$key - $etc/$key.cred
  done
  ! grep -rq canary-5e80 $etc || fail "a secret can be read in $etc"
  rm -rf $units/*.wants
  sed "s|/opt/openalgo|$dir|" "$root/deploy/systemd/openalgo-install.service" >$units/openalgo-install.service
  systemd-analyze verify openalgo-install.service || fail "systemd-analyze verify"
  # The files of this machine have services that must not start here: only ours does.
  sed -i '/^Wants=\|^After=/d; s/^\[Unit\]/&\nDefaultDependencies=no/' $units/openalgo-install.service
  sed -i "s|^Type=.*|&\nStandardOutput=file:$work/out\nStandardError=file:$work/out\nExecStopPost=/bin/sh -c 'echo \$SERVICE_RESULT >$work/ended'|" $units/openalgo-install.service
  printf '[Unit]\nDefaultDependencies=no\nWants=openalgo-install.service\n' >$units/box.target
  exec env -i container=box PATH="$PATH" /lib/systemd/systemd --unit=box.target --log-target=null --show-status=no </dev/null
}

if [[ -n ${INSIDE:-} ]]; then
  work=$INSIDE
  trap - EXIT
  inside
fi
need_program
web=$(free_port) websocket=$(free_port)
mkdir "$work/1"
dir=$work/1/oa-systemd-$$
export dir web websocket
INSIDE=$work setsid "$root/test/deploy/box.sh" "$work" "$root/test/deploy/systemd.sh" >"$work/box.log" 2>&1 &
box=$!
deadline=$((SECONDS + 120))
until [[ -e $work/ended ]] || ! kill -0 $box 2>/dev/null || ((SECONDS > deadline)); do sleep 0.2; done
{ kill -9 $box && wait $box; } 2>/dev/null || true
[[ $(cat "$work/ended" 2>/dev/null) == success ]] || fail "the service ended with $(cat "$work/ended" "$work/box.log" "$work/out" 2>&1)"
! grep -q canary-5e80 "$work/out" || fail "the log of the service has a secret"
grep -q "broker_api_key-canary-5e80" "$dir/.env" && grep -q "broker_api_secret-canary-5e80" "$dir/.env" || fail "the credentials are not in .env"
"$program" status --dir "$dir" | grep -q ready || fail "OpenAlgo is not ready"
echo "ok  systemd: encrypted credentials, and $(grep -o 'OpenAlgo is ready' "$work/out" | tail -n 1)"
