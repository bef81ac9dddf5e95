#!/usr/bin/env bash
# What openalgo-install writes for Kubernetes and does there, on a real API server and a
# real kubelet: `make cluster`. It skips where scripts/cluster.sh has built nothing.
#
# An instance on this machine (in Docker) is backed up and restored in the cluster, and
# one of the cluster is backed up and restored on this machine. NODE=no needs no Docker
# and no kubelet: it checks what an API server says of the rendered files.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${OPENALGO_PROGRAM:-$here/.build/openalgo-install}
export OPENALGO_CLUSTER=${OPENALGO_CLUSTER:-$here/.build/cluster} OPENALGO_INSTALL_NO_PUBLIC_IP=1
ns=openalgo-alpha

say() { printf '%6.1f s  %s\n' "$(bc <<<"$(date +%s.%N) - $began")" "$*"; }
fail() {
  echo "cluster.sh: $*" >&2
  exit 1
}
want() { # WHAT WANTED GOT
  [[ $2 == "$3" ]] || fail "$1: $3, and $2 was to be"
}
# code CODE COMMAND...: it ends with that exit code; what it says is in $work/said.
code() {
  local code=$1 got=0
  shift
  "$@" >"$work/said" 2>&1 || got=$?
  [[ $got == "$code" ]] || fail "$* ended with $got, not $code: $(tail -n 20 "$work/said")"
}
alpha() { "$program" "$@" --target kubernetes --instance alpha; }
beta() { "$program" "$@" --target kubernetes --instance beta; }

answers() { # RAM
  cat <<END
version: 1
broker: {name: zerodha, api_key: cluster-api-key, api_secret: cluster-api-secret}
image: {source: rehearsal}
sizing: {ram: $1}
kubernetes: {storage_class: manual, size: 1GiB}
instances:
  - {name: alpha}
  - {name: beta}
END
}

# volume NAME: the node's disk for an instance, since nothing provisions one here.
volume() {
  mkdir -p "$work/disk-$1"
  kubectl apply -f - >/dev/null <<END
apiVersion: v1
kind: PersistentVolume
metadata: {name: $1}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: manual
  claimRef: {namespace: openalgo-$1, name: data}
  local: {path: $work/disk-$1}
  nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [here]}]}]}}
END
}

until_is() { # SECONDS WANTED COMMAND...
  local end=$((SECONDS + $1)) wanted=$2 got=
  shift 2
  until got=$("$@" 2>/dev/null) && [[ $got == "$wanted" ]]; do
    ((SECONDS < end)) || fail "$*: $got, and $wanted was to be"
    sleep 0.5
  done
}
ready() { kubectl -n "$1" get pod openalgo-0 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'; }
waiting() { kubectl -n "$1" get pod openalgo-0 -o 'jsonpath={.status.containerStatuses[0].state.waiting.reason}'; }
in_pod() { # NAMESPACE PATH [CURL ARGUMENTS]: a pod's address is reachable from its node
  curl -fsS "http://$(kubectl -n "$1" get pod openalgo-0 -o 'jsonpath={.status.podIP}'):5000$2" "${@:3}"
}
pepper() { kubectl -n "$1" get secret openalgo-env -o 'jsonpath={.data.API_KEY_PEPPER}' | base64 -d; }

# pods counts OpenAlgo's pods of a namespace all the time: two must never be.
pods() {
  while :; do
    kubectl -n $ns get pods -l app.kubernetes.io/name=openalgo -o name 2>/dev/null | wc -l >>"$work/counts"
    sleep 0.3
  done
}

render() { # RAM
  (umask 077 && answers "$1" >"$work/answers.yaml")
  "$program" render --target kubernetes --answers "$work/answers.yaml" --out "$work/out" >/dev/null 2>"$work/warnings"
}

apply() {
  # Without a warning: Pod Security and unknown fields give one.
  kubectl apply --server-side --validate=strict -k "$work/out" >"$work/said" 2>&1 || fail "apply: $(cat "$work/said")"
  ! grep -i warning "$work/said" || fail "apply warns"
}

new_keys() {
  "$program" keys --answers "$work/answers.yaml" --instance alpha | kubectl create -f - >/dev/null
  if "$program" keys --answers "$work/answers.yaml" --instance alpha | kubectl create -f - 2>/dev/null; then fail "a second Secret replaced the first"; fi
}

in_cluster() {
  began=$1
  say "the cluster is up"
  trap 'kill $counting 2>/dev/null || true' EXIT

  render 2GB
  cp -r "$work/out" "$work/first"
  render 2GB
  diff -r "$work/first" "$work/out" || fail "equal answers gave other files"
  kubectl apply --server-side -f "$work/out/alpha/namespace.yaml" -f "$work/out/beta/namespace.yaml" >/dev/null # a dry run needs them
  code 0 kubectl apply --server-side --dry-run=server --validate=strict -k "$work/out"
  ! grep -i warning "$work/said" || fail "the dry run warns"
  apply
  code 0 kubectl diff --server-side -k "$work/out"
  say "applied strictly, without a warning; nothing differs after that"
  if [[ ${NODE:-yes} == no ]]; then
    new_keys
    code 0 alpha status
    grep -q 'there is no pod yet' "$work/said" || fail "status: $(cat "$work/said")"
    code 1 alpha doctor
    say "one Secret; status and doctor say that there is no pod"
    return
  fi

  volume alpha
  volume beta
  pods & counting=$!
  until_is 90 CreateContainerConfigError waiting $ns
  code 1 alpha doctor
  grep -q 'the Secret openalgo-env is missing' "$work/said" || fail "doctor: $(cat "$work/said")"
  new_keys
  until_is 180 True ready $ns
  say "alpha is ready"
  in_pod $ns /setup -d username=trader >/dev/null
  local key
  key=$(pepper $ns)

  kubectl -n $ns delete pod openalgo-0 --grace-period=1 >/dev/null
  until_is 120 True ready $ns
  in_pod $ns /auth/check-setup | grep -q '"needs_setup": *false' || fail "the account is gone after the pod's death"
  want "the key after the pod's death" "$key" "$(pepper $ns)"
  say "data and keys are there after the pod's death"

  local image
  image=$(kubectl -n $ns get statefulset openalgo -o 'jsonpath={.spec.template.spec.containers[0].image}')
  kubectl -n $ns set image statefulset/openalgo openalgo=registry.invalid/none:1 >/dev/null
  until_is 120 registry.invalid/none:1 kubectl -n $ns get pod openalgo-0 -o 'jsonpath={.spec.containers[0].image}'
  until [[ $(waiting $ns) == *ImagePull* ]]; do sleep 0.5; done
  code 0 alpha status
  grep -q 'not ready' "$work/said" || fail "status: $(cat "$work/said")"
  kubectl -n $ns set image statefulset/openalgo "openalgo=$image" >/dev/null
  until_is 180 True ready $ns
  say "a missing image, and back"

  render 4GB
  apply
  kubectl -n $ns rollout status statefulset/openalgo --timeout=180s >/dev/null
  want "the memory after new answers" 4Gi "$(kubectl -n $ns get pod openalgo-0 -o 'jsonpath={.spec.containers[0].resources.requests.memory}' | sed 's/^4096Mi$/4Gi/')"
  until_is 60 True ready $ns
  say "new sizing by new answers"

  code 0 alpha backup --dry-run
  grep -q 'start pod/openalgo-copy' "$work/said" || fail "backup --dry-run: $(cat "$work/said")"
  code 0 alpha backup --to "$work/cluster.tar.zst" --now
  say "backup: $(tail -n 1 "$work/said")"
  until_is 60 True ready $ns
  want "pods of a backup that are left" "" "$(kubectl -n $ns get pod openalgo-copy -o name 2>/dev/null)"
  code 0 kubectl diff --server-side -k "$work/out"

  # Killed in the middle: the next one brings OpenAlgo back.
  "$program" backup --target kubernetes --instance alpha --to "$work/killed.tar.zst" --now >/dev/null 2>&1 & local killed=$! # not a function: its process would be a shell
  until kubectl -n $ns get pod openalgo-copy >/dev/null 2>&1; do sleep 0.2; done
  kill -9 $killed
  wait $killed 2>/dev/null || true
  code 1 alpha doctor
  grep -q recover "$work/said" || fail "doctor after a kill: $(cat "$work/said")"
  code 0 alpha recover
  until_is 120 True ready $ns
  say "a backup that was killed, and recover"

  code 0 alpha status --json
  grep -q '"ready": true' "$work/said" || fail "status --json: $(cat "$work/said")"
  code 0 alpha logs --tail 5
  code 0 "$program" status --target kubernetes
  grep -q openalgo-beta "$work/said" || fail "status of all: $(cat "$work/said")"
  code 3 alpha restore "$work/vps.tar.zst"
  grep -q 'has data already' "$work/said" || fail "restore over data: $(cat "$work/said")"

  # beta has no Secret and no data: this machine's instance moves there.
  code 0 beta restore "$work/vps.tar.zst"
  until_is 60 True ready openalgo-beta
  in_pod openalgo-beta /auth/check-setup | grep -q '"needs_setup": *false' || fail "the account of this machine is not in the cluster"
  want "the key that moved" "$(sed -n "s/^API_KEY_PEPPER *= *'\(.*\)'.*/\1/p" "$work/vps.env")" "$(pepper openalgo-beta)"
  say "this machine's backup is restored in the cluster: same account, same keys"

  kill $counting
  want "most pods at once" 1 "$(sort -n "$work/counts" | tail -n 1 | tr -d ' ')"
  say "never two pods at once ($(wc -l <"$work/counts") looks)"
  pepper $ns >"$work/pepper"
}

if [[ ${1:-} == --inside ]]; then
  work=$2 counting=
  in_cluster "$3"
  exit
fi

[[ -x $program ]] || fail "there is no $program: make build"
if ! "$here/scripts/cluster.sh" --check; then
  echo "make cluster is skipped: run scripts/cluster.sh first, which builds a Kubernetes in about 25 minutes"
  [[ ${OPENALGO_E2E:-} != require ]] || exit 1
  exit 0
fi
[[ $(id -u) == 0 ]] || fail "needs root"
began=$(date +%s.%N)
work=$(mktemp -d "$OPENALGO_CLUSTER/run.XXXXXX")
# Names of this run: another one may have its instances on this machine.
run=$(basename "$work" | tr '[:upper:].' '[:lower:]-')
vps=$work/$run-vps back=$work/$run-back
clean() {
  for dir in "$vps" "$back"; do
    [[ ! -e $dir ]] || "$program" uninstall --dir "$dir" --yes --now --purge="$(basename "$dir")" >/dev/null 2>&1 || true
  done
  [[ -n ${KEEP:-} ]] || rm -rf --one-file-system "$work"
}
trap clean EXIT

if [[ ${NODE:-yes} == no ]]; then
  "$here/test/kube.sh" "$work/kube" "${BASH_SOURCE[0]}" --inside "$work" "$began"
  exit
fi

# The ports are those that the program finds free.
echo "{version: 1, broker: {name: zerodha, api_key: vps-api-key, api_secret: vps-api-secret}, image: {source: rehearsal}}" |
  "$program" --answers - --dir "$vps" >/dev/null
address() { echo "http://127.0.0.1:$(docker port "$(basename "$1")-web" 5000 | sed 's/.*://' | head -n 1)"; }
curl -fsS -o /dev/null -d username=trader "$(address "$vps")/setup"
"$program" backup --dir "$vps" --to "$work/vps.tar.zst" --now >/dev/null
install -m 0600 "$vps/.env" "$work/vps.env"
docker save -o "$work/image.tar" "$(docker inspect -f '{{.Config.Image}}' "$(basename "$vps")-web")"
say "an instance on this machine, with a backup"

IMAGES=$work/image.tar "$here/test/kube.sh" "$work/kube" "${BASH_SOURCE[0]}" --inside "$work" "$began"

"$program" restore "$work/cluster.tar.zst" --dir "$back" --yes --now >"$work/said" 2>&1 || fail "restore on this machine: $(cat "$work/said")"
curl -fsS "$(address "$back")/auth/check-setup" | grep -q '"needs_setup": *false' || fail "the account of the cluster is not on this machine"
want "the key that came back" "$(cat "$work/pepper")" "$(sed -n "s/^API_KEY_PEPPER *= *'\(.*\)'.*/\1/p" "$back/.env")"
say "the cluster's backup is restored on this machine: same account, same keys"
