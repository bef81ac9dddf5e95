#!/usr/bin/env bash
# The role of deploy/ansible on machines that answer over SSH: ten addresses of loopback,
# each with directories of its own, which share this machine's Docker: their sizing is
# given, since it depends on the number of instances.
set -euo pipefail
# shellcheck source=test/deploy/lib.sh
source "$(dirname "$0")/lib.sh"

machines=10
core=2.19.14 lint=26.10.1
canary='canary-7c21'

tools() {
  [[ -x $build/venv/bin/ansible-playbook ]] || {
    python3 -m venv "$build/venv"
    "$build/venv/bin/pip" install -q ansible-core==$core ansible-lint==$lint
  }
  export PATH=$build/venv/bin:$PATH ANSIBLE_HOME=$work/ansible ANSIBLE_NOCOLOR=1
}

# start_machines: each is an sshd.
start_machines() {
  local n at
  port=$(free_port)
  ssh-keygen -q -t ed25519 -N '' -f "$work/key"
  mkdir -p /run/sshd
  for ((n = 1; n <= machines; n++)); do
    at=127.0.7.$n
    mkdir -p "$work/$n"
    ssh-keygen -q -t ed25519 -N '' -f "$work/$n/host"
    cat >"$work/$n/sshd_config" <<CONFIG
ListenAddress $at
Port $port
HostKey $work/$n/host
PidFile $work/$n/sshd.pid
AuthorizedKeysFile $work/key.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
StrictModes no
UsePAM no
MaxStartups 100
Subsystem sftp internal-sftp
CONFIG
    /usr/sbin/sshd -D -f "$work/$n/sshd_config" 2>"$work/$n/sshd.log" &
    started+=($!)
    echo "[$at]:$port $(cut -d' ' -f1,2 "$work/$n/host.pub")" >>"$work/known_hosts"
  done
  for ((n = 1; n <= machines; n++)); do await "$work/$n/sshd.pid"; done
}

# inventory FIRST LAST: those machines. Each has a place for the program and an instance.
inventory() {
  local n
  echo "openalgo:"
  echo "  hosts:"
  for ((n = $1; n <= $2; n++)); do
    cat <<MACHINE
    m$n:
      ansible_host: 127.0.7.$n
      openalgo_install_prefix: $work/$n/usr
      openalgo_dir: $work/$n/oa-$mark-$n
      openalgo_install_file: $program
      openalgo_answers:
        version: 1
        broker:
          name: zerodha
          api_key: m$n-$canary
          api_secret: "{{ vault_broker_api_secret }}"
        image: {source: rehearsal}
        sizing: {ram: 4GB, cores: 2, threads: 1, shm_size: 256m, strategy_memory_mb: 512}
        ports: {web: ${web[$n]}, websocket: ${websocket[$n]}}
MACHINE
  done
  cat <<ALL
  vars:
    ansible_user: root
    ansible_port: $port
    ansible_become: false
    ansible_python_interpreter: $(command -v python3)
    ansible_ssh_private_key_file: $work/key
    ansible_ssh_common_args: -o UserKnownHostsFile=$work/known_hosts -o ControlPath=none
ALL
}

# play NAME ARGUMENTS...: what it prints is in $work/NAME.log; the result is ansible's.
play() {
  local log=$work/$1.log rc=0 begin=$SECONDS
  shift
  (cd "$root/deploy/ansible" && ansible-playbook playbook.yml --vault-password-file "$work/password" -e "@$work/vault.yml" "$@") >"$log" 2>&1 || rc=$?
  seconds=$((SECONDS - begin))
  ! grep -q "$canary" "$log" || fail "a secret is in $log"
  return $rc
}

# recap LOG MACHINE: ok=... changed=..., as ansible counts them.
recap() { grep -E "^$2 +: ok=" "$work/$1.log"; }

expect() { # LOG MACHINE PATTERN
  recap "$1" "$2" | grep -qE "$3" || {
    cat "$work/$1.log" >&2
    fail "$1, $2: $(recap "$1" "$2"), want $3"
  }
}

ready() { # DIRECTORY
  "$program" status --dir "$1" --json | python3 -c 'import json, sys; sys.exit(not json.load(sys.stdin)["instances"][0]["ready"])' ||
    fail "the OpenAlgo in $1 is not ready"
}

tools
(cd "$root/deploy/ansible" && ansible-lint --offline --nocolor --profile production) 2>"$work/lint.log" || fail "ansible-lint: $(cat "$work/lint.log")"
echo "ok  ansible-lint"

need_program
mark=$$
web=() websocket=()
for ((n = 1; n <= machines; n++)); do web[n]=$(free_port) websocket[n]=$(free_port); done
start_machines
echo secret-of-the-vault >"$work/password"
printf 'vault_broker_api_secret: secret%s\n' $canary >"$work/vault.yml"
ansible-vault encrypt --vault-password-file "$work/password" "$work/vault.yml" >/dev/null 2>&1
inventory 1 1 >"$work/one.yml"
inventory 1 $machines >"$work/all.yml"
one=$work/1/oa-$mark-1

# Check mode on a machine that has nothing: changes are told, none is made.
play check-new -i "$work/one.yml" --check || fail "check mode: $(cat "$work/check-new.log")"
expect check-new m1 'changed=[1-9].*failed=0'
[[ ! -e $work/1/usr && ! -e $one ]] || fail "check mode changed something"
echo "ok  check mode on a new machine"

play first -i "$work/one.yml" || fail "the first run: $(cat "$work/first.log")"
expect first m1 'changed=[1-9].*failed=0'
ready "$one"
grep -q "m1-$canary" "$one/.env" || fail "the API key is not in .env"
! grep -rqF "$canary" "$work/ansible" /root/.ansible/tmp 2>/dev/null || fail "a file of ansible has a secret"
echo "ok  first run: changed ($seconds s)"

play second -i "$work/one.yml" || fail "the second run: $(cat "$work/second.log")"
expect second m1 'changed=0 .*failed=0'
echo "ok  second run: not changed ($seconds s)"

before=$(sha256sum "$one"/.env "$one"/*.yaml && docker inspect -f '{{.Id}} {{.State.StartedAt}}' "oa-$mark-1-web")
play check -i "$work/one.yml" --check -e openalgo_now=true || fail "check mode: $(cat "$work/check.log")"
expect check m1 'changed=0 .*failed=0'
sed 's/image: .*/&\n        env: {LOG_LEVEL: DEBUG}/' "$work/one.yml" >"$work/changed.yml"
play check-changed -i "$work/changed.yml" --check -e openalgo_now=true || fail "check mode: $(cat "$work/check-changed.log")"
expect check-changed m1 'changed=1 .*failed=0'
grep -q "update file $one/.env" "$work/check-changed.log" || fail "check mode does not say what would change: $(cat "$work/check-changed.log")"
after=$(sha256sum "$one"/.env "$one"/*.yaml && docker inspect -f '{{.Id}} {{.State.StartedAt}}' "oa-$mark-1-web")
[[ $before == "$after" ]] || fail "check mode changed something"
echo "ok  check mode: says what would change, and changes nothing"

play changed -i "$work/changed.yml" -e openalgo_now=true || fail "changed answers: $(cat "$work/changed.log")"
expect changed m1 'changed=[1-9].*failed=0'
ready "$one"
grep -q '^LOG_LEVEL.*DEBUG' "$one/.env" || fail "the changed answers are not in .env"
echo "ok  changed answers are applied"

# A failure before the run, and one in it.
sed 's/name: zerodha/name: zerodah/' "$work/one.yml" >"$work/broken.yml"
! play broken -i "$work/broken.yml" || fail "wrong answers did not fail the play"
expect broken m1 'failed=1'
grep -q 'answers-invalid' "$work/broken.log" && grep -q 'did you mean' "$work/broken.log" || fail "the reason is missing: $(cat "$work/broken.log")"
sed "s/image: .*/&\n        env: {OPENALGO_REHEARSAL_FAIL: exit}/; s/oa-$mark-1/oa-$mark-failed/; s/web: ${web[1]}/web: $(free_port)/; s/websocket: ${websocket[1]}/websocket: $(free_port)/" "$work/one.yml" >"$work/failing.yml"
! play failing -i "$work/failing.yml" || fail "an instance that does not start did not fail the play"
expect failing m1 'failed=1'
echo "ok  a failed install fails the play: $(grep -oE '\[[a-z-]+\]' "$work/broken.log" "$work/failing.log" -h | sort -u | tr '\n' ' ')"

play ten -i "$work/all.yml" -e openalgo_now=true || fail "ten machines: $(cat "$work/ten.log")"
took=$seconds
for ((n = 1; n <= machines; n++)); do
  expect ten m$n 'failed=0'
  ready "$work/$n/oa-$mark-$n"
done
play ten-again -i "$work/all.yml" || fail "ten machines again: $(cat "$work/ten-again.log")"
for ((n = 1; n <= machines; n++)); do expect ten-again m$n 'changed=0 .*failed=0'; done
echo "ok  ten machines at once ($took s), and again without a change ($seconds s)"

# Several instances on one machine, and the program from a release.
serve_release
sed "s/oa-$mark-1/oa-$mark-several/; s/name: zerodha/name: deltaexchange/; s|$work/1/usr|$work/released|; s|openalgo_install_file: .*|openalgo_install_version: $version\n      openalgo_install_checksum: $script_sum\n      openalgo_install_releases: $releases|
  s/ports: .*/instances: [{name: a, ports: {web: $(free_port), websocket: $(free_port)}}, {name: b, ports: {web: $(free_port), websocket: $(free_port)}}]/" "$work/one.yml" >"$work/several.yml"
play several -i "$work/several.yml" || fail "several instances: $(cat "$work/several.log")"
expect several m1 'changed=[1-9].*failed=0'
ready "$work/1/oa-$mark-several-a"
ready "$work/1/oa-$mark-several-b"
[[ $("$work/released/bin/openalgo-install" version) == "openalgo-install $version "* ]] || fail "the release is not installed"
play several-again -i "$work/several.yml" || fail "several instances again: $(cat "$work/several-again.log")"
expect several-again m1 'changed=0 .*failed=0'
# Their broker trades crypto, so a market is open whenever this runs.
sed 's/image: .*/&\n        env: {LOG_LEVEL: DEBUG}/' "$work/several.yml" >"$work/open.yml"
! play open -i "$work/open.yml" || fail "OpenAlgo was stopped while a market is open"
grep -q 'market-open' "$work/open.log" || fail "the reason is missing: $(cat "$work/open.log")"
! grep -q '^LOG_LEVEL.*DEBUG' "$work/1/oa-$mark-several-a/.env" || fail "a change was made while a market is open"
echo "ok  nothing is stopped while a market is open"
sed "s/openalgo_install_checksum: ./openalgo_install_checksum: $([[ $script_sum == 0* ]] && echo 1 || echo 0)/; s|$work/released|$work/refused|" "$work/several.yml" >"$work/forged.yml"
! play forged -i "$work/forged.yml" || fail "a wrong checksum was accepted"
[[ ! -e $work/refused/bin/openalgo-install ]] || fail "a release with a wrong checksum was installed"
echo "ok  several instances, from a release whose checksum was verified"
