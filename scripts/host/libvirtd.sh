#!/usr/bin/env bash
# libvirtd.sh start|stop|end STATE_DIR [SECONDS]
#
# start  Runs a private libvirtd for hosts on which none runs: own mount namespace, all of its configuration and state
#        under STATE_DIR, the host's network, and a UNIX socket as the only way in. Prints the URI to reach it by.
#        Returns once it answers. Safe to repeat: a running one is left alone, and guests that outlived an earlier one
#        are taken over. One that runs and does not answer within SECONDS (10) is killed and replaced, and so is its virtlogd.
# stop   Ends that libvirtd, by force after SECONDS (10); its guests run on. Safe to repeat.
# end    Ends its guests, too, those by force that no libvirtd ends. Safe to repeat.
#
# Beside it runs a virtlogd, which keeps the guests' logs short; it ends with libvirtd unless guests run on.
# Refuses a STATE_DIR too long for a UNIX socket's path. Two at a time on one STATE_DIR take turns, and wait 120 s for that.
# Nothing here waits without an end; whatever was forced is told on standard error.
#
# Exit status: 0 done, 64 bad usage, 65 path too long, 1 libvirtd did not start or end, or it was not our turn.
# Packages: libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 util-linux
set -euo pipefail

usage() { echo "usage: ${0##*/} start|stop|end STATE_DIR [SECONDS]" >&2; exit 64; }
(($# == 2)) || [[ $# == 3 && $3 =~ ^[1-9][0-9]*$ ]] || usage

verb=$1
mkdir -p "$2"
state=$(realpath "$2")
readonly verb state
readonly socket=$state/run/libvirt-sock pidfile=$state/libvirtd.pid logpidfile=$state/virtlogd.pid
readonly uri="qemu+unix:///system?socket=$socket"

# Seconds: for a running one's answer (it takes 0.1) or end in order, for a new one's start and first answer (1 to 2), for a killed
# one's end, for ending one guest, for another's turn.
readonly patience_s=${3:-10} begin_s=40 dead_s=10 guest_s=20 turn_s=120

# 107 bytes is what Linux takes as a UNIX socket's path.
((${#socket} <= 107)) || { echo "path too long for a socket: $socket" >&2; exit 65; }

# alive PIDFILE WORD: the process id in that file, if it runs and has that in its arguments; a reused id does not count.
alive() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 1
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == *"$2"* ]] && echo "$pid"
} 2>/dev/null

# running [PIDFILE]: that daemon's process id, if it runs.
running() { alive "${1:-$pidfile}" "${1:-$pidfile}"; }

# guest_in PIDFILE: that QEMU's process id, if it runs; libvirt names it by the guest that the file is named after.
guest_in() { alive "$1" "guest=$(basename "$1" .pid),"; }

# within SECONDS COMMAND...: in our process group, so that whoever ends that ends it, too.
within() { timeout --foreground -k 2 "$@"; }

answers() { within "$1" virsh -q -c "$uri" version >/dev/null; }

# What libvirtd asks of it, it asks without a bound: one that hangs keeps all that has to do with guests waiting.
logs_answer() { within "$1" virt-admin -q -c "virtlogd:///system?socket=$state/run/virtlogd-admin-sock" srv-list >/dev/null; }

# Ends when the process is gone; it is nobody's child here.
gone() { within "$2" tail --pid="$1" -s 0.1 -f /dev/null; }

# SIGKILL cannot be refused, but a process that hangs in the kernel ends no sooner than that lets it.
force() {
  kill -KILL "$1" 2>/dev/null || return 0
  gone "$1" "$dead_s" || { echo "process $1 does not end, not even by SIGKILL" >&2; exit 1; }
}

has_guests() {
  local file
  for file in "$state"/run/qemu/*.pid; do ! guest_in "$file" >/dev/null || return 0; done
  return 1
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
  # Without virtlogd, console logs are plain files that only grow. Cgroups are left to the host.
  local handler=file
  if command -v virtlogd >/dev/null; then
    handler=logd
    # Its defaults, said: four files of 2 MiB a log.
    printf '%s\n' 'max_size = 2097152' 'max_backups = 3' >"$state/etc/virtlogd.conf"
  fi
  cat >"$state/etc/qemu.conf" <<CONF
user = "root"
group = "root"
security_driver = "none"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = []
namespaces = []
stdio_handler = "$handler"
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

launch() {
  configure
  accounts
  # A system's libvirt that is installed later finds them so, and its QEMU has to walk through.
  (umask 022 && mkdir -p /etc/libvirt /var/{lib,cache,log}/libvirt /run/libvirt)
  rm -f "$socket"
  # Its own session, so that it outlives whoever started it; no inherited lock or pipe is kept open.
  within "$begin_s" setsid --wait unshare --mount --propagation unchanged bash "$0" inside "$state" \
    </dev/null >"$state/log/start.log" 2>&1 {turn}>&- && return
  tail -n 5 "$state/log/start.log" >&2
  # One that hangs in its beginning is not left behind.
  local pid
  ! pid=$(running) || force "$pid"
  exit 1
}

# Without it, no guest of ours starts. Outlives libvirtd as guests do, since it holds the other ends of their logs.
launch_logs() {
  [[ -e $state/etc/virtlogd.conf ]] && ! running "$logpidfile" >/dev/null || return 0
  within "$begin_s" nsenter --target "$(running)" --mount \
    virtlogd --daemon --pid-file "$logpidfile" --config /etc/libvirt/virtlogd.conf \
    </dev/null >"$state/log/start.log" 2>&1 {turn}>&- ||
    { tail -n 5 "$state/log/start.log" >&2; exit 1; }
}

start() {
  local pid
  if pid=$(running "$logpidfile") && ! logs_answer "$patience_s" 2>/dev/null; then
    echo "virtlogd $pid did not answer within $patience_s s: it is replaced, what guests write is lost until they start anew" >&2
    force "$pid"
  fi
  if pid=$(running) && ! answers "$patience_s" 2>/dev/null; then
    # It may have ended meanwhile; guests survive either.
    echo "libvirtd $pid did not answer within $patience_s s: it is replaced, guests run on" >&2
    force "$pid"
  fi
  running >/dev/null || launch
  launch_logs
  answers "$begin_s" || { grep -h ' error : ' "$state/log/libvirtd.log" | tail -n 3 >&2; exit 1; }
  echo "$uri"
}

# finish PIDFILE: ends that daemon, by force if it does not in order.
finish() {
  local pid
  pid=$(running "$1") || return 0
  kill "$pid" 2>/dev/null || return 0
  gone "$pid" "$patience_s" && return
  echo "process $pid did not end within $patience_s s: it is killed" >&2
  force "$pid"
}

stop() {
  finish "$pidfile"
  has_guests || finish "$logpidfile"
}

# In order, which lets libvirt forget them, too.
end_guests() {
  local guests guest
  (start >/dev/null) && guests=$(within "$guest_s" virsh -c "$uri" list --uuid) || return 0
  for guest in $guests; do
    # 1: it refused, as for a guest that has just ended; anything else: it hangs again.
    within "$guest_s" virsh -c "$uri" destroy "$guest" >/dev/null || (($? == 1)) || return 0
  done
}

# force_guest PIDFILE
force_guest() {
  local pid
  pid=$(guest_in "$1") || return 0
  echo "guest $(basename "$1" .pid) was not ended by libvirt: process $pid is killed" >&2
  force "$pid"
}

end() {
  local file
  if has_guests; then
    end_guests
    for file in "$state"/run/qemu/*.pid; do force_guest "$file"; done
  fi
  finish "$pidfile"
  finish "$logpidfile"
}

case $verb in
  start | stop | end)
    exec {turn}>"$state/turn"
    flock -w "$turn_s" "$turn" || { echo "another $0 has worked on $state for $turn_s s: end that one" >&2; exit 1; }
    "$verb"
    ;;
  inside) inside ;;
  *) usage ;;
esac
