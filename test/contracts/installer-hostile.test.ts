import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DomainError } from '../../domain/fault.ts';
import { type CallOptions, type Lab, missing, openLab, processes } from './installer-lab.ts';

const reason = missing();

/** `attempt` runs a piece of code and says GOT with what it gave, or DENIED with the reason. */
const PRELUDE = `
import ctypes, errno, json, mmap, os, pathlib, signal, socket, stat, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def checked(result):
  if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
  return result
def sh(*argv): return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
def read(path): return open(path, errors="replace").read(200)
def write(path):
  with open(path, "w") as file: file.write("owned")
  return path
def attempt(name, code):
  try: print("GOT", name, repr(eval(code, globals())), flush=True)
  except BaseException as error: print("DENIED", name, type(error).__name__, error, flush=True)
`;

/** A script that makes every attempt; later ones also if earlier ones went through. */
const attempting = (attempts: Readonly<Record<string, string>>, before = ''): string =>
  `${PRELUDE}\n${before}\ndef install(temporary_directory, **kwargs):\n  globals()["target"] = temporary_directory\n  for name, code in json.loads(${JSON.stringify(JSON.stringify(attempts))}).items(): attempt(name, code)\n`;

describe.skipIf(reason)(`hostile scripts${reason ? ` (skipped: ${reason})` : ''}`, () => {
  const token = randomUUID();
  let lab: Lab;
  let secret: string;
  let canary: ChildProcess;
  let server: Server;
  let port: number;

  beforeAll(async () => {
    lab = await openLab();
    secret = join(lab.dir, 'secret');
    await writeFile(secret, token, { mode: 0o644 });
    await writeFile(join(lab.images, 'shared.img'), 'unchanged', { mode: 0o600 });
    canary = spawn('sleep', ['86399'], { stdio: 'ignore', env: { ...process.env, CANARY: token } });
    server = createServer((socket) => socket.end(token));
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    port = (server.address() as { port: number }).port;
  });
  afterEach(async () => {
    expect(await lab.remains()).toEqual([]);
    expect(canary.exitCode ?? canary.signalCode).toBeNull();
    expect(await readFile(secret, 'utf8')).toBe(token);
    expect(await readFile(join(lab.images, 'shared.img'), 'utf8')).toBe('unchanged');
  });
  afterAll(async () => {
    canary.kill();
    server.close();
    await lab.close();
  });

  /** Every attempt was made, and none got anything. */
  const denied = async (attempts: Readonly<Record<string, string>>, before?: string): Promise<void> => {
    const { lines } = await lab.call(attempting(attempts, before), [await lab.disk('sda')]);
    expect(lines.filter((line) => !line.startsWith('DENIED'))).toEqual([]);
    expect(lines).toHaveLength(Object.keys(attempts).length);
    expect(lines.join()).not.toContain(token);
    // An attempt that failed by its own mistake would prove nothing.
    expect(lines.filter((line) => /SyntaxError|NameError|TypeError|AttributeError/.test(line))).toEqual([]);
  };
  const failure = async (script: string, options?: CallOptions): Promise<DomainError> =>
    lab.call(script, [await lab.disk('sda')], options).then(
      () => expect.unreachable('the script succeeded'),
      (error: unknown) => error as DomainError,
    );

  it('see no file of the host', () =>
    denied({
      'the shadow file': 'read("/etc/shadow")',
      'a file of the data directory': `read(${JSON.stringify(secret)})`,
      'the same by the way of process 1': `read("/proc/1/root${secret}")`,
      'the same by its own root': `read("/proc/self/root/../..${secret}")`,
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
    await denied({
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
    expect(existsSync(join(lab.images, 'new.img'))).toBe(false);
  });

  it('see and reach no process of the host', () =>
    denied({
      kill: `os.kill(${canary.pid}, 9)`,
      'trace it': `checked(libc.ptrace(16, ${canary.pid}, 0, 0))`,
      'the environment of process 1': 'read("/proc/1/environ").index("CANARY")',
      'its environment': `read("/proc/${canary.pid}/environ")`,
      'any process but its own': '[p for p in os.listdir("/proc") if p.isdigit() and int(p) > 99][0]',
      'enter its namespaces': `checked(libc.setns(os.open("/proc/${canary.pid}/ns/mnt", os.O_RDONLY), 0))`,
    }));

  it('may kill all that they see', async () => {
    const { fault } = await failure(
      `${PRELUDE}\ndef install(**_):\n  os.kill(-1, 9)\n  os.kill(1, 9)\n  os.kill(os.getpid(), 9)\n`,
    );
    expect(fault).toMatchObject({ kind: 'script' });
  });

  it("reach nothing of the host's network", async () => {
    const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const addresses = own.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
    const connect = (address: string, to = port): string =>
      `socket.create_connection((${JSON.stringify(address)}, ${to}), 2).recv(99)`;
    await denied({
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
    denied({
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
    denied({
      'chroot and walk up': `(os.mkdir("/tmp/c"), os.chroot("/tmp/c"), [os.chdir("..") for _ in range(64)], os.chroot("."), read(${JSON.stringify(secret)}))`,
      'a user namespace below': 'sh("unshare", "--user", "--map-root-user", "true") or 1',
      'the limit of those': 'write("/proc/sys/user/max_user_namespaces")',
      'a module': 'sh("insmod", "/usr/lib/modules/none.ko") or 1',
      reboot: 'checked(libc.reboot(0x1234567))',
      'the clock': 'time.clock_settime(time.CLOCK_REALTIME, 0)',
      swap: 'sh("truncate", "-s", "1M", "/tmp/s") or sh("chmod", "600", "/tmp/s") or sh("mkswap", "/tmp/s") and sh("swapon", "/tmp/s") or 1',
      'the old root': `sh("umount", "-l", "/tmp") or read(${JSON.stringify(secret)})`,
    }));

  it('rename only themselves', async () => {
    const before = hostname();
    await lab.call(`${PRELUDE}\ndef install(**_): attempt("name", 'socket.sethostname("owned")')`, [
      await lab.disk('sda'),
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
    const { lines } = await lab.call(script, [await lab.disk('sda')]);
    expect(lines[0]).toBe('1000');
    expect(lines[1]).toContain('NoNewPrivs:\\t1');
  });

  it.each([
    ['a link up', '../../../../../../etc/passwd'],
    ['a link to the root', '/etc/passwd'],
    ['a link to the host file itself', 'SECRET'],
  ])('get no host file as kernel by %s', async (_, link) => {
    const to = link === 'SECRET' ? secret : link;
    const script = `import os\ndef install(temporary_directory, **_):\n  os.symlink(${JSON.stringify(to)}, f"{temporary_directory}/vmlinuz")\n  return {"kernel": "/vmlinuz"}\n`;
    expect((await failure(script)).message).toMatch(/^FileNotFoundError/);
  });

  it.each([
    ['a link', `os.symlink("${'SECRET'}", "/run/slipway/out/kernel")`, /kernel: Too many levels/],
    ['a pipe nobody writes to', 'os.mkfifo("/run/slipway/out/kernel")', /no regular file/],
    [
      'a file of a terabyte of holes',
      'os.truncate(os.open("/run/slipway/out/kernel", os.O_CREAT | os.O_RDWR), 1 << 40)',
      /at most|File too large/,
    ],
    ['nothing', 'None', /kernel: No such file/],
  ])('forge a report with %s for a kernel in vain', async (_, code, words) => {
    const forged = JSON.stringify({ ok: true, boot: { initrd: false, cmdline: 'x' } });
    const script = `import os\ndef install(**_):\n  ${code.replace('SECRET', secret)}\n  os.write(3, ${JSON.stringify(forged)}.encode())\n  os._exit(0)\n`;
    const error = await failure(script);
    expect(error.fault).toMatchObject({ kind: 'script' });
    expect(error.message).toMatch(words);
    expect(await readFile(join(lab.dir, 'out', 'kernel'), 'utf8').catch(() => '')).not.toContain(token);
  });

  it.each(['{', '[]', '{"ok": true}', '{"ok": true, "boot": 7}', '{"ok": "yes"}', 'null'])(
    'forge the report %s in vain',
    async (text) => {
      const script = `import os\ndef install(**_):\n  os.write(3, ${JSON.stringify(text)}.encode())\n  os._exit(0)\n`;
      expect((await failure(script)).fault).toMatchObject({ kind: 'script' });
    },
  );

  it('have their mountpoint inside the disks, whatever links they left there', async () => {
    const victim = join(lab.dir, 'victim');
    await mkdir(victim);
    const base = [await lab.disk('sda'), await lab.disk('sdb', { mountpoint: '/data' })];
    const build = `import os\ndef build(temporary_directory, **_):\n  os.symlink(${JSON.stringify(victim)}, f"{temporary_directory}/opt")\n  os.symlink("../../../../../../usr/bin", f"{temporary_directory}/srv")\n`;
    await lab.call(build, base, { entry: 'build' });
    const clones = [
      await lab.disk('sda', { cloneOf: base[0]!.volume }),
      await lab.disk('sdb', { cloneOf: base[1]!.volume, mountpoint: '/opt/deep' }),
      await lab.disk('sdc', { mountpoint: '/srv' }),
    ];
    const install =
      'import os\ndef install(temporary_directory, **_):\n  print(os.listdir("/usr/bin").count("python3"))\n';
    expect((await lab.call(install, clones)).lines).toEqual(['1']);
    expect(await readdir(victim)).toEqual([]);
  });

  it('leave no process behind', async () => {
    const script = `
import os, time
def install(**_):
  if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
      os.execvp("sleep", ["sleep", "86397"])
    os._exit(0)
  time.sleep(0.2)
`;
    const begin = Date.now();
    await lab.call(script, [await lab.disk('sda')]);
    expect(Date.now() - begin).toBeLessThan(20_000);
    expect(processes().filter(({ command }) => command === 'sleep 86397')).toEqual([]);
  });

  it('run out of processes before the host does', async () => {
    const script = `
import os, signal, time
def install(**_):
  n = 0
  try:
    while True:
      if os.fork() == 0: signal.pause()
      n += 1
  except OSError as error: print(n, error.strerror)
`;
    const { lines } = await lab.call(script, [await lab.disk('sda')]);
    const [, count, why] = /^(\d+) (.*)$/.exec(lines.at(-1) ?? '') ?? [];
    expect(why).toBe('Resource temporarily unavailable');
    expect(Number(count)).toBeGreaterThan(200);
    expect(Number(count)).toBeLessThan(1100);
  });

  it('run out of memory before the host does', async () => {
    const script = 'def install(**_):\n  hold = []\n  while True: hold.append(bytearray(b"x") * (64 << 20))\n';
    const error = await failure(script);
    expect(error.fault).toMatchObject({ kind: 'script' });
    expect(error.message).toMatch(/SIGKILL|MemoryError/);
  });

  it('may write without end', async () => {
    const before = process.memoryUsage().rss;
    const script = `
import sys
def install(**_):
  for n in range(400): sys.stdout.write(("x" * 127 + "\\n") * 1024)
  sys.stdout.write("y" * (20 << 20))
  raise RuntimeError("full")
`;
    const heard: string[] = [];
    const error = await failure(script, { line: (line) => heard.push(line) });
    expect(error.message).toMatch(/^RuntimeError: full/);
    expect(error.message.length).toBeLessThan(10_000);
    expect(heard.join('\n').length).toBeLessThan(3 << 20);
    expect(heard.at(-1)).toMatch(/is not kept/);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
  });
});
