#!/usr/bin/env bash
# libvirtd.sh start|stop|end STATE_DIR
#
# start  Runs a private libvirtd for hosts on which none runs: own mount namespace, all of its configuration and state
#        under STATE_DIR, the host's network, and a UNIX socket as the only way in. Prints the URI to reach it by.
#        Returns once it answers. Safe to repeat: a running one is left alone, and guests that outlived an earlier one
#        are taken over.
# stop   Ends that libvirtd; its guests run on. Safe to repeat.
# end    Ends its guests, too. Safe to repeat.
#
# Refuses a STATE_DIR too long for a UNIX socket's path. Two at a time on one STATE_DIR take turns.
#
# Exit status: 0 done, 64 bad usage, 65 path too long, 1 libvirtd did not start.
# Packages: libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 util-linux
set -euo pipefail

usage() { echo "usage: ${0##*/} start|stop|end STATE_DIR" >&2; exit 64; }
(($# == 2)) || usage

verb=$1
mkdir -p "$2"
state=$(realpath "$2")
readonly verb state
readonly socket=$state/run/libvirt-sock pidfile=$state/libvirtd.pid
readonly uri="qemu+unix:///system?socket=$socket"

# 107 bytes is what Linux takes as a UNIX socket's path.
((${#socket} <= 107)) || { echo "path too long for a socket: $socket" >&2; exit 65; }

# The daemon's process id, if it runs; a reused id does not count.
running() {
  local pid
  pid=$(cat "$pidfile" 2>/dev/null) || return 1
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) == *"$pidfile"* ]] && echo "$pid"
}

configure() {
  mkdir -p "$state"/{run,etc,cache,log} "$state"/lib/{qemu,images,boot,dnsmasq}
  # Chosen once: guests' migrations and libvirt's own locks know the host by it.
  [[ -s $state/host-uuid ]] || cat /proc/sys/kernel/random/uuid >"$state/host-uuid"
  cat >"$state/etc/libvirtd.conf" <<CONF
listen_tls = 0
listen_tcp = 0
unix_sock_dir = "$state/run"
unix_sock_group = "root"
unix_sock_rw_perms = "0700"
auth_unix_ro = "none"
auth_unix_rw = "none"
host_uuid = "$(<"$state/host-uuid")"
CONF
  # Console logs are plain files that only grow (no virtlogd), and cgroups are left to the host.
  cat >"$state/etc/qemu.conf" <<'CONF'
user = "root"
group = "root"
security_driver = "none"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
vnc_listen = "127.0.0.1"
CONF
}

# libvirtd refuses to start without the accounts that Debian's libvirt-daemon-system makes, even to run guests as root.
accounts() {
  mkdir -p "$state/accounts"
  cp /etc/passwd /etc/group "$state/accounts/"
  getent group libvirt-qemu >/dev/null || echo 'libvirt-qemu:x:64055:' >>"$state/accounts/group"
  getent group kvm >/dev/null || echo 'kvm:x:64054:' >>"$state/accounts/group"
  getent passwd libvirt-qemu >/dev/null ||
    echo 'libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin' >>"$state/accounts/passwd"
}

# Inside the new mount namespace. Mounts that the host makes later still appear in it.
inside() {
  mount --make-rslave /
  local name
  for name in etc:/etc/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt log:/var/log/libvirt run:/run/libvirt; do
    mount --bind "$state/${name%%:*}" "${name#*:}"
  done
  for name in passwd group; do mount --bind "$state/accounts/$name" "/etc/$name"; done
  exec libvirtd --daemon --pid-file "$pidfile" --config /etc/libvirt/libvirtd.conf
}

start() {
  if ! running >/dev/null; then
    configure
    accounts
    # A system's libvirt that is installed later finds them so, and its QEMU has to walk through.
    (umask 022 && mkdir -p /etc/libvirt /var/{lib,cache,log}/libvirt /run/libvirt)
    rm -f "$socket"
    # Its own session, so that it outlives whoever started it; no inherited lock or pipe is kept open.
    setsid --wait unshare --mount --propagation unchanged bash "$0" inside "$state" \
      </dev/null >"$state/log/start.log" 2>&1 {turn}>&- ||
      { tail -n 5 "$state/log/start.log" >&2; exit 1; }
  fi
  virsh -c "$uri" version >/dev/null || { grep -h ' error : ' "$state/log/libvirtd.log" | tail -n 3 >&2; exit 1; }
  echo "$uri"
}

stop() {
  local pid
  if pid=$(running); then
    kill "$pid"
    # Ends the wait when the process is gone; it is nobody's child here.
    tail --pid="$pid" -s 0.1 -f /dev/null
  fi
}

end() {
  local guests guest
  if [[ -d $state/run/qemu ]] && compgen -G "$state/run/qemu/*.pid" >/dev/null; then
    start >/dev/null
    guests=$(virsh -c "$uri" list --uuid)
    for guest in $guests; do virsh -c "$uri" destroy "$guest" >/dev/null; done
  fi
  stop
}

case $verb in
  start | stop | end)
    exec {turn}>"$state/turn"
    flock "$turn"
    "$verb"
    ;;
  inside) inside ;;
  *) usage ;;
esac
