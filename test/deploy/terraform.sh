#!/usr/bin/env bash
# The module of deploy/terraform, with Terraform or OpenTofu: format, its own tests, and
# that deploy/cloud-init/user-data.yaml is what it renders from the example.
#
#   test/deploy/terraform.sh            says that it is skipped where there is neither
#   test/deploy/terraform.sh --update   writes deploy/cloud-init/user-data.yaml
set -euo pipefail
# shellcheck source=test/deploy/lib.sh
source "$(dirname "$0")/lib.sh"

tool=$(command -v tofu || command -v terraform) || {
  echo "skip  Terraform: neither tofu nor terraform is installed"
  exit
}
cp -R "$root/deploy/terraform" "$work/module"
cd "$work/module"
: >"$work/rc"
export TF_CLI_CONFIG_FILE=$work/rc CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1

"$tool" fmt -check -diff -recursive
"$tool" init -backend=false -no-color >"$work/log" 2>&1 || fail "init: $(cat "$work/log")"
"$tool" validate -no-color >"$work/log" 2>&1 || fail "validate: $(cat "$work/log")"
"$tool" test -no-color >"$work/log" 2>&1 || fail "test: $(cat "$work/log")"
grep -E '[0-9]+ passed, 0 failed' "$work/log"

render "$root/deploy/terraform/answers.example.yaml" $version "$(printf '0%.0s' {1..64})" >"$work/user-data.yaml"
[[ ${1:-} != --update ]] || cp "$work/user-data.yaml" "$root/deploy/cloud-init/user-data.yaml"
diff -u "$root/deploy/cloud-init/user-data.yaml" "$work/user-data.yaml" || fail "user-data.yaml is not what the module renders: test/deploy/terraform.sh --update"
echo "ok  ${tool##*/}: $(wc -c <"$work/user-data.yaml") bytes of user_data"
