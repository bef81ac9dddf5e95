#!/usr/bin/env bash
# The user_data of deploy/cloud-init, as cloud-init itself reads and runs it on a first
# boot, with a release that is made and served here: to an instance that answers. The same
# with what the Terraform module renders, where Terraform or OpenTofu is installed.
set -euo pipefail
# shellcheck source=test/deploy/lib.sh
source "$(dirname "$0")/lib.sh"

# boot NAME: what cloud-init does on the first boot with $work/NAME.yaml; its result is the
# first line of $work/NAME.result.
boot() {
  rm -rf /var/lib/cloud /etc/openalgo-install
  mkdir -p /var/lib/cloud/seed/nocloud
  echo "instance-id: $1" >/var/lib/cloud/seed/nocloud/meta-data
  cp "$work/$1.yaml" /var/lib/cloud/seed/nocloud/user-data
  stages "$1"
}

stages() {
  {
    cloud-init init --local
    cloud-init init
    cloud-init modules --mode config
    cloud-init modules --mode final
  } >>"$work/$1.log" 2>&1 || true
  python3 -c 'import json; print(len(json.load(open("/run/cloud-init/result.json"))["v1"]["errors"]), "errors")' >"$work/$1.result"
}

inside() {
  local name
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d # no service is started
  chmod 755 /usr/sbin/policy-rc.d
  command -v cloud-init >/dev/null || {
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends cloud-init
  } >"$work/apt.log" 2>&1 || fail "cloud-init could not be installed: $(tail -n 5 "$work/apt.log")"
  # Only what concerns the file under test: no network, users or disks of this machine.
  cat >/etc/cloud/cloud.cfg.d/99_test.cfg <<'CONFIG'
datasource_list: [NoCloud]
network: {config: disabled}
cloud_init_modules: [write-files]
cloud_config_modules: [runcmd]
cloud_final_modules: [scripts-user]
CONFIG
  rm -f /usr/local/bin/openalgo-install # a developer's
  cloud-init --version >"$work/version" 2>&1
  for name in "$root/deploy/cloud-init/user-data.yaml" "$work"/{first,wrong,broken}.yaml; do
    cloud-init schema --config-file "$name" >"$work/schema" 2>&1 && grep -q 'Valid' "$work/schema" || fail "the schema of cloud-init: $(cat "$work/schema")"
  done

  boot wrong
  ! command -v openalgo-install >/dev/null || fail "a release with a wrong checksum was installed"
  boot broken
  cp /etc/openalgo-install/first-boot.json "$work/broken.json"
  boot first
  cp /etc/openalgo-install/first-boot.json "$work/first.json"
  stat -c '%a %n' /etc/openalgo-install/* >"$work/modes"
  # The second boot of the same machine does nothing; the script may be run again by hand.
  stages again
  cmp -s /etc/openalgo-install/first-boot.json "$work/first.json" || fail "the second boot installed again"
  /etc/openalgo-install/first-boot.sh >"$work/byhand.log" 2>&1 || fail "by hand: $(cat "$work/byhand.log")"
  cp /etc/openalgo-install/first-boot.json "$work/byhand.json"
}

if [[ -n ${INSIDE:-} ]]; then
  work=$INSIDE
  trap - EXIT
  inside
  exit
fi
need_program
serve_release
mkdir "$work/1"
dir=$work/1/oa-first-$$
cat >"$work/answers.yaml" <<END
version: 1
broker: {name: zerodha, credentials: later}
image: {source: rehearsal}
sizing: {ram: 4GB, cores: 2}
ports: {web: $(free_port), websocket: $(free_port)}
END
if tool=$(command -v tofu || command -v terraform); then
  export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1
  cp -R "$root/deploy/terraform" "$work/module"
  (cd "$work/module" && "$tool" init -backend=false -no-color && render "$work/answers.yaml" $version "$script_sum" "releases=$releases" "directory=$dir" >"$work/first.yaml") >"$work/init.log" 2>&1 ||
    fail "$tool: $(cat "$work/init.log")"
else
  python3 - "$root/deploy/cloud-init/user-data.yaml" "$work/answers.yaml" "$script_sum" "$releases" "$dir" >"$work/first.yaml" <<'END'
import re, sys
text, answers = (open(name).read() for name in sys.argv[1:3])
text = re.sub(r"( +)version: 1\n.*?(?=  - path)", lambda m: re.sub("(?m)^", m[1], answers.rstrip()) + "\n", text, flags=re.S)
for key, value in zip(["sum", "export OPENALGO_INSTALL_RELEASES", "dir"], sys.argv[3:]):
    text = re.sub(rf"(?m)^( +{key})=\S+", rf"\g<1>={value}", text)
print(text, end="")
END
fi
sed "s/sum=$script_sum/sum=$(printf '0%.0s' {1..64})/" "$work/first.yaml" >"$work/wrong.yaml"
sed 's/name: zerodha/name: zerodah/' "$work/first.yaml" >"$work/broken.yaml"

INSIDE=$work timeout -s KILL 600 "$root/test/deploy/box.sh" "$work" "$root/test/deploy/cloud-init.sh" 2>"$work/box.log" || fail "$(cat "$work/box.log")"
[[ $(cat "$work/wrong.result") == "1 errors" ]] && grep -q 'did NOT match' "$work/wrong.log" || fail "a wrong checksum: $(cat "$work/wrong.result" "$work/wrong.log")"
[[ $(cat "$work/broken.result") == "1 errors" ]] && grep -q '"id":"answers-invalid"' "$work/broken.json" || fail "wrong answers: $(cat "$work/broken.result" "$work/broken.log")"
[[ $(cat "$work/first.result") == "0 errors" ]] && grep -q '"ok":true.*"changed":true' "$work/first.json" || fail "the first boot: $(cat "$work/first.result" "$work/first.log")"
grep -q '"changed":false' "$work/byhand.json" || fail "by hand: $(cat "$work/byhand.json")"
! grep -v '^[67]00 ' "$work/modes" || fail "others can read these files"
"$program" status --dir "$dir" --json | python3 -c 'import json, sys; sys.exit(not json.load(sys.stdin)["instances"][0]["ready"])' || fail "OpenAlgo is not ready"
bytes=$(wc -c <"$work/first.yaml")
((bytes < 16384)) || fail "user_data has $bytes bytes"
echo "ok  $(cat "$work/version"): $bytes bytes of user_data${tool:+ (${tool##*/})}, a first boot to an instance that answers; a wrong checksum and wrong answers fail it"
