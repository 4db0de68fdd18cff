import { existsSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeHostile, PRELUDE } from './hostile-lab.ts';

describeHostile('what they reach', (prey) => {
  it('see no file of the host', () =>
    prey().denied({
      'the shadow file': 'read("/etc/shadow")',
      'a file of the data directory': `read(${JSON.stringify(prey().secret)})`,
      'the same by the way of process 1': `read("/proc/1/root${prey().secret}")`,
      'the same by its own root': `read("/proc/self/root/../..${prey().secret}")`,
      "root's files": '[p for p in os.listdir("/root")][0]',
      homes: 'os.listdir("/home")',
      'the state of services': 'os.listdir("/var/lib")',
      'sockets of services': '[p for p in os.listdir("/run") if p != "slipway"][0]',
      'others in the temporary directory': '[p for p in os.listdir("/tmp")][0]',
      "the host's environment":
        '[v for v in os.environ if v not in ("PATH", "HOME", "LANG", "LC_CTYPE", "PWD", "PYTHONUNBUFFERED", "container")][0]',
      'an inherited descriptor':
        '[os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if int(n) > 3 and os.path.exists(f"/proc/self/fd/{n}") and not os.readlink(f"/proc/self/fd/{n}").startswith(("/proc/", "/dev/null"))][0]',
    }));

  it('change no file of the host', async () => {
    await prey().denied({
      'a program': 'write("/usr/bin/slipway-was-here")',
      'a program, made writable':
        'sh("mount", "-o", "remount,bind,rw", "/usr") and None or write("/usr/bin/slipway-was-here")',
      'the list of users': 'write("/etc/passwd")',
      'an image': 'write("/images/shared.img")',
      'an image, made writable':
        'sh("mount", "-o", "remount,bind,rw", "/images") and None or write("/images/shared.img")',
      'an image by another mount':
        'os.mkdir("/tmp/m") or sh("mount", "--bind", "/images", "/tmp/m") and None or write("/tmp/m/shared.img")',
      'a new image': 'write("/images/new.img")',
      'a setting of the kernel': 'write("/proc/sys/kernel/core_pattern")',
      'the system request': 'write("/proc/sysrq-trigger")',
      'a setting below /sys': 'write("/sys/kernel/mm/ksm/run")',
    });
    expect(existsSync('/usr/bin/slipway-was-here')).toBe(false);
    expect(existsSync(join(prey().lab.images, 'new.img'))).toBe(false);
  });

  it('see and reach no process of the host', () =>
    prey().denied({
      kill: `os.kill(${prey().canary.pid}, 9)`,
      'trace it': `checked(libc.ptrace(16, ${prey().canary.pid}, 0, 0))`,
      'the environment of process 1': 'read("/proc/1/environ").index("CANARY")',
      'its environment': `read("/proc/${prey().canary.pid}/environ")`,
      'any process but its own': '[p for p in os.listdir("/proc") if p.isdigit() and int(p) > 99][0]',
      'enter its namespaces': `checked(libc.setns(os.open("/proc/${prey().canary.pid}/ns/mnt", os.O_RDONLY), 0))`,
    }));

  it('may kill all that they see', async () => {
    const { fault } = await prey().failure(
      `${PRELUDE}\ndef install(**_):\n  os.kill(-1, 9)\n  os.kill(1, 9)\n  os.kill(os.getpid(), 9)\n`,
    );
    expect(fault).toMatchObject({ kind: 'script' });
  });

  it("reach nothing of the host's network", async () => {
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const addresses = own.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
    const connect = (address: string, to = prey().port): string =>
      `socket.create_connection((${JSON.stringify(address)}, ${to}), 2).recv(99)`;
    await prey().denied({
      ...Object.fromEntries(addresses.map((address) => [address, connect(address)])),
      'the host as user-mode networking calls it': connect('10.0.2.2'),
      'the metadata service': connect('169.254.169.254', 80),
      'by IPv6': connect('::1'),
      'a route around': `sh("ip", "route", "del", "unreachable", "169.254.0.0/16") and None or ${connect('169.254.169.254', 80)}`,
      'raw packets': 'socket.socket(socket.AF_PACKET, socket.SOCK_RAW)',
      'its own firewall': 'sh("nft", "flush", "ruleset") or 1/0',
    });
  });

  it('open and make no device', () =>
    prey().denied({
      ...Object.fromEntries(
        ['vda', 'sda', 'loop0', 'loop-control', 'mem', 'kmsg', 'fuse', 'kvm', 'net/tun', 'mapper/control'].map(
          (name) => [name, `open("/dev/${name}", "rb").read(1)`],
        ),
      ),
      'a node in memory':
        'os.mknod("/tmp/disk", 0o600 | stat.S_IFBLK, os.makedev(254, 0)) or open("/tmp/disk", "rb").read(1)',
      'a node on the disk':
        'os.mknod(target + "/disk", 0o600 | stat.S_IFBLK, os.makedev(254, 0)) or open(target + "/disk", "rb").read(1)',
      'a file system image':
        'sh("truncate", "-s", "8M", "/tmp/i") or sh("mkfs.ext4", "-q", "/tmp/i") or sh("mount", "-o", "loop", "/tmp/i", "/tmp") or 1',
      devtmpfs: 'os.mkdir("/tmp/d") or sh("mount", "-t", "devtmpfs", "none", "/tmp/d") or os.listdir("/tmp/d")',
    }));

  it('leave neither their root nor their namespaces', () =>
    prey().denied({
      'chroot and walk up': `(os.mkdir("/tmp/c"), os.chroot("/tmp/c"), [os.chdir("..") for _ in range(64)], os.chroot("."), read(${JSON.stringify(prey().secret)}))`,
      'a user namespace below': 'sh("unshare", "--user", "--map-root-user", "true") or 1',
      'the limit of those': 'write("/proc/sys/user/max_user_namespaces")',
      'a module': 'sh("insmod", "/usr/lib/modules/none.ko") or 1',
      reboot: 'checked(libc.reboot(0x1234567))',
      'the clock': 'time.clock_settime(time.CLOCK_REALTIME, 0)',
      swap: 'sh("truncate", "-s", "1M", "/tmp/s") or sh("chmod", "600", "/tmp/s") or sh("mkswap", "/tmp/s") and sh("swapon", "/tmp/s") or 1',
      'the old root': `sh("umount", "-l", "/tmp") or read(${JSON.stringify(prey().secret)})`,
    }));

  it('rename only themselves', async () => {
    const before = hostname();
    await prey().lab.call(`${PRELUDE}\ndef install(**_): attempt("name", 'socket.sethostname("owned")')`, [
      await prey().lab.disk('sda'),
    ]);
    expect(hostname()).toBe(before);
  });

  it('gain nothing by set-user-id programs', async () => {
    const script = `
${PRELUDE}
def install(temporary_directory, **_):
  sh("cp", "/usr/bin/id", f"{temporary_directory}/id")
  os.chmod(f"{temporary_directory}/id", 0o4755)
  print(sh("setpriv", "--reuid=1000", "--clear-groups", f"{temporary_directory}/id", "-u").strip())
  print([line for line in read("/proc/self/status").splitlines()], [l for l in open("/proc/self/status") if l.startswith("NoNewPrivs")])
`;
    const { lines } = await prey().lab.call(script, [await prey().lab.disk('sda')]);
    expect(lines[0]).toBe('1000');
    expect(lines[1]).toContain('NoNewPrivs:\\t1');
  });
});
