#!/bin/sh
# Installs openalgo-install, or updates it, and starts it:
#
#   curl -fsSL https://github.com/marketcalls/openalgo-install/releases/latest/download/install.sh | sh
#
# _usage below has the options. Nothing that is downloaded vouches for itself: the
# list of checksums must be signed with a key that stands in this file, which only
# the copy of a release has (scripts/install-asset.sh fills it in).
#
# A copy that is cut off anywhere does nothing: all of it is functions, whose names
# begin as no command does, until the last line.

_usage() {
  cat <<USAGE
Installs openalgo-install, or updates it, and starts it.

    curl -fsSL $script | sh
    curl -fsSL $script | sh -s -- [OPTIONS] [-- ARGUMENTS]

Options:
  --version VERSION   install this release, for example 1.2.3 (default: the latest)
  --uninstall         remove openalgo-install; OpenAlgo and its data stay
  --help              print this text

ARGUMENTS are for openalgo-install itself, for example -- --answers answers.yaml

Environment:
  OPENALGO_INSTALL_ONLY=1      install, and do not start openalgo-install
  OPENALGO_INSTALL_VERSION     the same as --version
  OPENALGO_INSTALL_PREFIX      install in its bin and share (default: /usr/local)
  OPENALGO_INSTALL_RELEASES    a mirror of the releases
USAGE
}

_say() { printf '%s\n' "$*" >&2; }

# _fail CODE WHAT LINES...: ends with exit code 1 (failed), 2 (usage) or 3 (this
# machine is not ready).
_fail() {
  code=$1
  _say "error: $2"
  shift 2
  _say
  for line; do _say "$line"; done
  _say
  _say "Nothing was changed."
  exit "$code"
}

_has() { command -v "$1" >/dev/null 2>&1; }

# In a subshell: a redirection that fails in a function would end dash.
_has_terminal() { (: </dev/tty) 2>/dev/null; }

# _paste PACKAGE: the line that installs a package here.
_paste() {
  if _has apt-get; then
    line="apt-get update && ${su}apt-get install -y $1"
  elif _has dnf; then
    line="dnf install -y $1"
  elif _has yum; then
    line="yum install -y $1"
  elif _has apk; then
    line="apk add $1"
  elif _has zypper; then
    line="zypper install -y $1"
  else
    printf 'Install %s with the package manager of this machine.\n' "$1"
    return
  fi
  printf '    %s%s\n' "$su" "$line"
}

_check_machine() {
  system=$(uname -s) machine=$(uname -m)
  [ "$system" = Linux ] || _fail 3 "openalgo-install runs on Linux, and this is $system" "Run this line on the server that OpenAlgo is for."
  case $machine in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) _fail 3 "OpenAlgo does not run on this machine's processor ($machine)" "It needs a 64-bit processor: x86-64 or ARM64." ;;
  esac
  if bits=$(getconf LONG_BIT 2>/dev/null) && [ "$bits" = 32 ]; then
    _fail 3 "this is a 32-bit Linux on a 64-bit processor" "OpenAlgo needs a 64-bit Linux. Reinstall the server with one."
  fi
}

_check_tools() {
  _has curl || _has wget || _fail 3 "neither curl nor wget is installed" "One of them is needed for the download. To install one:" "$(_paste curl)"
  for tool in mktemp tar gzip; do
    _has "$tool" || _fail 3 "$tool is not installed" "It is needed to unpack the release. To install it:" "$(_paste "$tool")"
  done
  if _has openssl && openssl dgst -blake2b512 </dev/null >/dev/null 2>&1; then
    case $(openssl pkeyutl -help 2>&1) in *-rawin*) verifier=openssl ;; esac
  fi
  [ -n "$verifier" ] || ! _has minisign || verifier=minisign
  if [ -z "$verifier" ]; then
    package=openssl
    ! _has openssl || package=minisign # there is one, and it is older than 3
    _fail 3 "the release's signature cannot be verified here" \
      "Without it anybody on the way could hand you another program." "To install what verifies it:" "$(_paste "$package")"
  fi
}

# _fetch ADDRESS FILE
_fetch() {
  bar=-s
  case $2 in *.tar.gz) [ ! -t 2 ] || bar='-#' ;; esac
  (
    # Blocks of 512 bytes: no file of a release is larger than 200 MB.
    ulimit -f 400000 2>/dev/null
    if _has curl; then
      curl --proto "=$scheme" --tlsv1.2 -fSL "$bar" --retry 3 --connect-timeout 20 --speed-limit 500 --speed-time 60 -o "$2" "$1"
    else
      limit=''
      ! _has timeout || limit='timeout 600' # some wget of busybox crashes with a limit of its own
      $limit wget -q -O "$2" "$1"
    fi
  ) || _fail 1 "could not download $1" "Check this machine's connection to the internet, and that there is such a release:" "    $home"
}

# _genuine: is checksums.txt signed with one of the keys? Sets signed, which is the
# version that the signature was made for.
_genuine() {
  signature='' comment='' also=''
  { read -r _ && read -r signature && IFS= read -r comment && read -r also; } <"$work/checksums.txt.minisig"
  comment=${comment#trusted comment: }
  signed=${comment#openalgo-install }
  case $signed in '' | [!0-9]* | *[!0-9A-Za-z.-]*) return 1 ;; esac
  for key in $keys; do
    if [ "$verifier" = minisign ]; then
      ! minisign -V -q -m "$work/checksums.txt" -x "$work/checksums.txt.minisig" -P "$key" >/dev/null 2>&1 || return 0
    else
      ! _genuine_by "$key" || return 0
    fi
  done
  return 1
}

# _genuine_by KEY: what minisign -V does, with openssl. A signature is Ed25519 over
# the BLAKE2b sum of the file, and a second one is over the first and the comment.
_genuine_by() (
  cd "$work" || exit 1
  printf %s "$signature" | openssl base64 -d -A >both 2>/dev/null
  [ "$(head -c 2 both)" = ED ] || exit 1
  tail -c 64 both >signature
  printf %s "$also" | openssl base64 -d -A >signature2 2>/dev/null
  openssl dgst -blake2b512 -binary checksums.txt >sum
  { cat signature && printf %s "$comment"; } >sum2
  # The key as openssl reads it: its last 32 bytes behind a header that says Ed25519.
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000' && printf %s "$1" | openssl base64 -d -A | tail -c 32; } >key
  for n in '' 2; do
    openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in "sum$n" -sigfile "signature$n" >/dev/null 2>&1 || exit 1
  done
)

# _older A B: does version A come before B? Of two pre-releases of one version none does.
_older() {
  a=${1%%-*} b=${2%%-*}
  for _ in major minor patch; do
    [ "${a%%.*}" -ge "${b%%.*}" ] 2>/dev/null || return 0
    [ "${a%%.*}" -le "${b%%.*}" ] || return 1
    a=${a#*.} b=${b#*.}
  done
  case $1 in *-*) ;; *) return 1 ;; esac
  case $2 in *-*) return 1 ;; esac
}

# _version_of PROGRAM
_version_of() {
  said=$("$1" version </dev/null 2>/dev/null) || return 1
  said=${said#openalgo-install }
  printf %s "${said%% *}"
}

# _find_installed sets prefix, and present to the version that is there.
_find_installed() {
  present=
  other=$(command -v openalgo-install) || other=
  for place in "$prefix" "$own"; do
    [ -x "$place/bin/openalgo-install" ] || continue
    prefix=$place
    present=$(_version_of "$prefix/bin/openalgo-install") || present=unknown
    return
  done
  [ -z "$other" ] || _fail 3 "openalgo-install is installed as $other" \
    "It was not installed by this script. Update or remove it the way it was installed," "for example with the package manager."
}

# _need_root sets as_root for changes in prefix, as little as that takes: nobody is
# asked for a password before there is a verified file to move.
_need_root() {
  as_root=
  place=$prefix/bin
  while [ ! -e "$place" ]; do place=$(dirname "$place"); done
  [ "$(id -u)" != 0 ] && [ ! -w "$place" ] || return 0
  if _has sudo && { sudo -n true 2>/dev/null || { _has_terminal && _say "sudo is needed to write in $prefix." && sudo -v; }; }; then
    as_root=sudo
  elif _has doas && { doas -n true 2>/dev/null || { _has_terminal && doas true; }; }; then
    as_root=doas
  else
    return 1
  fi
}

_download() {
  work=$(mktemp -d) || _fail 1 "could not make a temporary directory" "Check that there is space in ${TMPDIR:-/tmp}."
  from=$home/latest/download
  [ -z "$version" ] || from=$home/download/v$version
  _fetch "$from/checksums.txt" "$work/checksums.txt"
  _fetch "$from/checksums.txt.minisig" "$work/checksums.txt.minisig"
  _genuine || _fail 1 "the signature of the release is wrong" "$from/checksums.txt" \
    "is not signed by the project. Somebody may have changed it on its way to you," "or your copy of install.sh is older than the project's present key."
  [ -z "$version" ] || [ "$signed" = "$version" ] || _fail 1 "this is release $signed, and $version was asked for" "$from" "holds another release than it says."
  [ -n "$version" ] || ! _older "$signed" "$release" || _fail 1 "the latest release, $signed, is older than this script ($release)" "$from" "does not hold the latest release."
  version=$signed
}

# _unpack brings the archive, and lays out in stage what goes to prefix.
_unpack() {
  archive=openalgo-install_linux_$arch.tar.gz stage=$work/stage
  _say "Downloading openalgo-install $version for linux/$arch ..."
  _fetch "$home/download/v$version/$archive" "$work/$archive"
  wanted='' sum=''
  while read -r digest name; do [ "$name" != "$archive" ] || wanted=$digest; done <"$work/checksums.txt"
  if _has sha256sum; then
    sum=$(sha256sum <"$work/$archive")
  elif _has openssl; then
    sum=$(openssl dgst -sha256 -r <"$work/$archive")
  fi
  if [ -z "$wanted" ] || [ "${sum%% *}" != "$wanted" ]; then
    _fail 1 "the checksum of $archive is wrong" "$home/download/v$version/$archive" \
      "is not the file that the project released. Somebody may have changed it on its way to you."
  fi
  mkdir -p "$work/unpacked" "$stage/share/bash-completion/completions" "$stage/share/zsh/site-functions" \
    "$stage/share/fish/vendor_completions.d" "$stage/share/man/man1"
  tar -xzf "$work/$archive" -C "$work/unpacked" || _fail 1 "could not unpack $archive" "Check that there is space in ${TMPDIR:-/tmp}."
  cd "$work/unpacked" || exit 1
  mv openalgo-install "$stage/"
  mv completions/openalgo-install.bash "$stage/share/bash-completion/completions/openalgo-install"
  mv completions/openalgo-install.zsh "$stage/share/zsh/site-functions/_openalgo-install"
  mv completions/openalgo-install.fish "$stage/share/fish/vendor_completions.d/"
  mv man/*.gz "$stage/share/man/man1/"
  cd / || exit 1
}

# _move puts stage into prefix, in one go as root. The program is tried first, in
# its place, since a temporary directory may be one that nothing runs from.
_move() {
  if ! _need_root; then
    if [ -n "$present" ] || [ "$prefix" = "$own" ]; then
      _fail 3 "$prefix/bin belongs to root, and there is no sudo or doas" "Run the same line as root."
    fi
    prefix=$own
    _say "There is no root here, so openalgo-install goes to $prefix/bin."
    _need_root || _fail 3 "cannot write in $prefix" "Run the same line as root."
  fi
  # shellcheck disable=SC2016 # the shell that runs it expands it
  $as_root sh -c 'umask 022 && mkdir -p "$2/bin" "$2/share" && new=$2/bin/.openalgo-install.new && rm -f "$new" &&
    cp "$1/openalgo-install" "$new" && chmod 755 "$new" && "$new" version >/dev/null </dev/null &&
    cp -R "$1/share/." "$2/share/" && mv -f "$new" "$2/bin/openalgo-install" || { rm -f "$new"; exit 1; }' sh "$stage" "$prefix" ||
    _fail 1 "could not install openalgo-install in $prefix" "The error is above. A previous openalgo-install is still there."
}

_install() {
  case $keys in @*) _fail 3 "this install.sh has no release keys" \
    "It is the copy from the source code, which cannot tell a release from anything else." "Use the copy of a release:" "    curl -fsSL $script | sh" ;; esac
  _check_machine
  _check_tools
  asked=$version
  _find_installed
  _download
  case $present in
    '') said="openalgo-install $version is installed in" ;;
    "$version")
      _say "openalgo-install $version is already installed in $prefix/bin."
      return
      ;;
    *)
      if [ -z "$asked" ] && [ "$present" != unknown ] && _older "$version" "$present"; then
        _say "openalgo-install $present stays: it is newer than the latest release, $version."
        _say "To install the older one:"
      _say "    curl -fsSL $script | sh -s -- --version $version"
        return
      fi
      said="openalgo-install $version replaces $present in"
      ;;
  esac
  _unpack
  _move
  _say "$said $prefix/bin."
  _say "To remove it again:"
  _say "    curl -fsSL $script | sh -s -- --uninstall"
  case :$PATH: in *:"$prefix/bin":*) return ;; esac
  _say "For this shell to find it:"
  _say "    export PATH=\"$prefix/bin:\$PATH\""
}

_uninstall() {
  _find_installed
  [ -n "$present" ] || { _say "openalgo-install is not installed. Nothing was changed." && return; }
  _need_root || _fail 3 "$prefix/bin belongs to root, and there is no sudo or doas" "Run the same line as root."
  # shellcheck disable=SC2016 # the shell that runs it expands it
  $as_root sh -c 'cd "$1" && rm -f bin/openalgo-install share/bash-completion/completions/openalgo-install share/zsh/site-functions/_openalgo-install \
    share/fish/vendor_completions.d/openalgo-install.fish share/man/man1/openalgo-install.1.gz share/man/man1/openalgo-install-*.1.gz' sh "$prefix" ||
    _fail 1 "could not remove openalgo-install from $prefix" "The error is above."
  _say "openalgo-install is removed from $prefix. Every OpenAlgo that it installed stays, with its data."
  set -- /etc/systemd/system/openalgo-backup-*.timer /etc/cron.d/openalgo-backup-*
  for timer; do
    [ ! -e "$timer" ] || _say "warning: $timer still wants to make a daily backup, and cannot without openalgo-install."
  done
}

# _start ARGUMENTS...: openalgo-install itself, where somebody can answer it, or
# where its arguments say what to do.
_start() {
  rm -rf "$work"
  trap - EXIT
  if [ "${OPENALGO_INSTALL_ONLY:-}" != 1 ]; then
    if [ -t 1 ] && _has_terminal && { [ -z "${CI:-}" ] || [ $# -gt 0 ]; }; then
      exec "$prefix/bin/openalgo-install" "$@" </dev/tty
    elif [ $# -gt 0 ]; then
      exec "$prefix/bin/openalgo-install" "$@" </dev/null
    fi
  fi
  program=openalgo-install
  [ "$prefix" != "$own" ] || program=$prefix/bin/openalgo-install # root does not look there
  _say
  _say "Next, on a terminal:"
  _say
  _say "    $su$program"
  _say
  _say "Or unattended, with a file of answers that you edit first:"
  _say
  _say "    $program answers init > answers.yaml"
  _say "    $su$program --answers answers.yaml --dry-run"
  _say "    $su$program --answers answers.yaml"
}

main() {
  set -u
  umask 022
  # The release's version, and the public keys of minisign that it trusts.
  release='@RELEASE@' keys='@KEYS@'
  home=${OPENALGO_INSTALL_RELEASES:-https://github.com/marketcalls/openalgo-install/releases}
  home=${home%/}
  script=https://github.com/marketcalls/openalgo-install/releases/latest/download/install.sh
  prefix=${OPENALGO_INSTALL_PREFIX:-/usr/local} own=${HOME:-/root}/.local
  version=${OPENALGO_INSTALL_VERSION:-} do=_install verifier='' work='' su=''
  if [ "$(id -u)" != 0 ]; then
    ! _has doas || su='doas '
    ! _has sudo || su='sudo '
  else
    own=~root/.local # HOME may be somebody else's, and root runs no program of theirs
  fi
  while [ $# -gt 0 ]; do
    case $1 in
      --version=*) version=${1#*=} ;;
      --version)
        version=${2:-}
        [ $# -eq 1 ] || shift
        [ -n "$version" ] || _fail 2 "--version needs a version" "For example: --version 1.2.3"
        ;;
      --uninstall) do=_uninstall ;;
      --help | -h)
        _usage
        exit
        ;;
      --)
        shift
        break
        ;;
      *) _fail 2 "unknown option: $1" "Options of openalgo-install itself come after --, for example: sh -s -- -- $1" ;;
    esac
    shift
  done
  version=${version#v}
  case $version in [!0-9]* | *[!0-9A-Za-z.-]*) _fail 2 "$version is not a version" "For example: --version 1.2.3" ;; esac
  # Plain http is for tests: nobody is on the way to this machine itself.
  case $home in
    https://*) scheme=https ;;
    http://127.0.0.1[:/]*) scheme=http ;;
    *) _fail 2 "OPENALGO_INSTALL_RELEASES is not an https address" "For example: https://mirror.example.com/openalgo-install/releases" ;;
  esac
  trap 'rm -rf "$work"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  $do
  [ $do = _uninstall ] || _start "$@"
}

{ main "$@"; exit; }
