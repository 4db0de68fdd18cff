"""What a template author's program sees: host programs read-only, the disks it was given, the outside network, nothing else.

It runs as root of a user namespace whose ids are nobody's on the host, so that no capability of it counts outside, and
what it does not see cannot be mounted: no device node can be made or opened there, no host file is owned by it.
"""

import contextlib
import fcntl
import ipaddress
import json
import os
import subprocess

import limits
import namespaces
from groups import Group
from program import command

# Host id that the sandbox's root is; the range is above those that useradd, containers and systemd hand out.
FIRST_ID, IDS = 1_895_825_408, 65_536

# What debootstrap, dpkg and maintainer scripts were seen to need, measured by leaving out one at a time.
CAPABILITIES = (
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SYS_ADMIN",
    "CAP_SYS_CHROOT",
)

# No shadow, no keys, no auth.conf: what programs of /usr need to find libraries, names and package mirrors.
ETC = (
    "alternatives ca-certificates ca-certificates.conf debian_version default/mmdebstrap dpkg gai.conf group host.conf hosts "
    "ld.so.cache ld.so.conf ld.so.conf.d localtime mke2fs.conf nsswitch.conf os-release passwd perl protocols services "
    "ssl/certs ssl/openssl.cnf apt/apt.conf apt/apt.conf.d apt/keyrings apt/preferences.d apt/sources.list "
    "apt/sources.list.d apt/trusted.gpg apt/trusted.gpg.d"
).split()


def in_memory(path, size, mode):
    return ["--perms", mode, "--size", str(size), "--tmpfs", path]


def view(work):
    """Arguments of bwrap that make the file system every sandbox has."""
    # bwrap's own root has room for half of the host's memory.
    argv = [*in_memory("/", limits.ROOT_BYTES, "755"), "--ro-bind", "/usr", "/usr"]
    # Made first: bwrap keeps directories that it has to make on the way from users other than root, such as apt's.
    for name in ("/etc", "/etc/apt", "/etc/ssl", "/etc/default", "/run", "/run/slipway", "/var", "/disks"):
        argv += ["--perms", "755", "--dir", name]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        if os.path.islink(f"/{name}"):
            argv += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
        elif os.path.isdir(f"/{name}"):
            argv += ["--ro-bind", f"/{name}", f"/{name}"]
    for name in ETC:
        argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    resolver = f"{work}/resolv.conf"
    with open(resolver, "w", encoding="ascii") as file:
        file.write("nameserver 10.0.2.3\n")  # slirp4netns answers here with the host's resolver.
    argv += ["--ro-bind", resolver, "/etc/resolv.conf", "--perms", "1777", "--dir", "/var/tmp", "--dir", "/root"]
    argv += ["--dev", "/dev", *in_memory("/dev/shm", limits.SHM_BYTES, "1777"), "--remount-ro", "/dev", "--proc", "/proc"]
    return argv + in_memory("/tmp", limits.tmp_bytes(), "1777")


def network(work):
    """A network namespace whose only way out is user-mode networking; the host's own addresses and guests are unreachable from it."""
    path = f"{work}/net"
    with open(path, "x"):
        pass
    command("unshare", f"--net={path}", "ip", "link", "set", "lo", "up")
    ready, tell = os.pipe()
    subprocess.Popen(
        ["slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback", f"--ready-fd={tell}", "--netns-type=path", path, "tap0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[tell],
    )
    os.close(tell)
    if not os.read(ready, 1):
        raise RuntimeError("slirp4netns could not start: no network for the script")
    os.close(ready)
    links = json.loads(command("ip", "-json", "-4", "address", "show"))
    # Link-local too: that is where clouds give their host's credentials away.
    closed = {ipaddress.ip_network("169.254.0.0/16")}
    for link in links:
        for address in map(ipaddress.ip_interface, (f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"])):
            guests = link["ifname"].startswith("vmbr")
            closed.add(address.network if guests else ipaddress.ip_network(address.ip))
    routes = "".join(f"route replace unreachable {net}\n" for net in closed if not net.is_loopback)
    subprocess.run(["nsenter", f"--net={path}", "ip", "-batch", "-"], input=routes, text=True, check=True, stdout=subprocess.DEVNULL)
    return path


class Sandbox:
    """A process that waits in its user namespace until `start`; `userns` is for id-mapped mounts meanwhile."""

    def __init__(self, fds, net=None):
        """`fds` become its descriptors 0, 1, …; bwrap has one more, for what it tells of itself."""
        self._info = len(fds)
        said, say = os.pipe()
        awaited, go = os.pipe()
        self._told, tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(said)
            os.close(go)
            self._wait_inside([*fds, tell], net, say, awaited)
        os.close(tell)
        os.close(say)
        os.close(awaited)
        self._go = go
        self.killed_for_memory = 0
        if os.read(said, 1) != b"1":
            raise RuntimeError("no user namespace could be made")
        os.close(said)
        self.userns = f"/proc/{self.pid}/ns/user"
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{self.pid}/{name}", "w", encoding="ascii") as file:
                file.write(f"0 {FIRST_ID} {IDS}")

    @staticmethod
    def _wait_inside(fds, net, say, awaited):
        try:
            if net:
                namespaces.enter(net, namespaces.CLONE_NEWNET)
            namespaces.unshare(namespaces.CLONE_NEWUSER | (0 if net else namespaces.CLONE_NEWNET))
            os.write(say, b"1")
            order = b""
            while chunk := os.read(awaited, 65536):
                order += chunk
            job = json.loads(order)
            os.setgroups([])
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)
            # Nothing in there needs a namespace below this one, and each is attack surface of the kernel.
            with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
                file.write("0")
            limits.confine_self()
            # Copied upwards first, so that no target of the second step is a source that is still needed.
            for number, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD, len(fds)) for fd in fds]):
                os.dup2(fd, number)
            os.closerange(len(fds), 1024)
            os.execvpe("bwrap", job["argv"], job["env"])
        except BaseException as error:
            os.write(2, f"sandbox: {error}\n".encode())
            os._exit(127)

    def _await_init(self):
        """bwrap ends before its namespace does: process 1 there, which outlives all others, is this process's child by then."""
        told = os.read(self._told, 4096)
        os.close(self._told)
        if told:  # Otherwise bwrap could not begin.
            with contextlib.suppress(ChildProcessError):  # bwrap saw it end.
                os.waitpid(json.loads(told)["child-pid"], 0)

    def start(self, work, argv, mounts):
        """Runs argv; returns its wait status when everything in there has ended, and says how many the kernel ended for want of memory."""
        capabilities = [word for name in CAPABILITIES for word in ("--cap-add", name)]
        bwrap = ["bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent", "--new-session"]
        bwrap += ["--info-fd", str(self._info)]
        order = {
            "argv": [*bwrap, "--cap-drop", "ALL", *capabilities, *view(work), *mounts, "--chdir", "/", "--", *argv],
            "env": {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", "container": "lxc"},
        }
        group = Group(self.pid)
        with os.fdopen(self._go, "w", encoding="utf-8") as pipe:
            json.dump(order, pipe)
        _, status = os.waitpid(self.pid, 0)
        self._await_init()
        self.killed_for_memory = group.release()
        return status
