#!/usr/bin/env bash
# The journey of an install and an adopt on a second release of Docker, beside the
# suite on this machine's own. scripts/test.sh calls it; it needs root.
#
#   test/second.sh fetch    brings the packages
#   test/second.sh run      runs the tests; what they say comes only if they fail
#
# 26.1 is Debian stable's, so it does not change from one day to the next.
set -euo pipefail
cd "$(dirname "$0")/.."
version=26.1
said=$(mktemp)
trap 'rm -f "$said"' EXIT

fetch() {
  test/engines.sh --fetch $version >"$said" 2>&1 && return
  cat "$said" >&2
  cat >&2 <<END
Docker $version could not be fetched from Debian's mirror, so the tests on a second engine
cannot run. Check the network, or name another mirror:

    DEBIAN_MIRROR=http://deb.debian.org/debian make test

END
  return 1
}

run() {
  test/engines.sh $version -- go test ./test/e2e -count=1 -timeout 10m -parallel 4 \
    -run '^(TestJourneyOfAnInstall|TestAdopt)$/^docker-run' >"$said" 2>&1 && echo "ok  	Docker $version" && return
  cat "$said" >&2
  echo "FAIL	Docker $version: test/engines.sh $version -- go test ./test/e2e -run 'TestJourneyOfAnInstall|TestAdopt'" >&2
  return 1
}

case ${1:-} in
  fetch | run) "$1" ;;
  *) echo "usage: test/second.sh fetch|run" >&2 && exit 2 ;;
esac
