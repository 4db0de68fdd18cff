import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DomainError } from '../../domain/fault.ts';
import { type Lab, missing, openLab } from './installer-lab.ts';

const reason = missing();

describe.skipIf(reason)(`scripts of template authors${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    expect(await lab.remains()).toEqual([]);
    await lab.close();
  });

  const failure = async (script: string, entry: 'install' | 'build' = 'install'): Promise<string> => {
    const error = await lab.call(script, [await lab.disk('sda')], { entry }).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(DomainError);
    expect((error as DomainError).fault).toMatchObject({ kind: 'script' });
    return (error as DomainError).message;
  };

  it('get exactly what PVC gives to install()', async () => {
    const disks = [
      await lab.disk('sda', { filesystemArgs: ['-L=root', '-m=1'], sizeMiB: 1024 }),
      await lab.disk('sdb', { mountpoint: '/var/log', sizeMiB: 64 }),
      await lab.disk('vdc', { filesystem: null, mountpoint: null }),
    ];
    const script = 'import json\ndef install(**kwargs):\n  print(json.dumps(kwargs, sort_keys=True))\n';
    const { lines } = await lab.call(script, disks, { args: { deb_release: 'bookworm', opts: 'a=b=c' } });
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      vm_name: 'web1',
      vm_id: 1,
      temporary_directory: '/target',
      disks: [
        ...[['sda', 1, '/', '-L=root -m=1'] as const, ['sdb', 0.063, '/var/log', ''] as const].map(
          ([disk_id, disk_size_gb, mountpoint, filesystem_args]) => ({
            ...{ pool: 'vms', disk_id, disk_size_gb, mountpoint, filesystem: 'ext4', filesystem_args, device: null },
          }),
        ),
        {
          ...{ pool: 'vms', disk_id: 'vdc', disk_size_gb: 0.063, mountpoint: null, filesystem: null },
          ...{ filesystem_args: '', device: '/disks/vdc' },
        },
      ],
      networks: [{ vni: 100 }],
      deb_release: 'bookworm',
      opts: 'a=b=c',
    });
  });

  it('get no VM in build()', async () => {
    const script = 'def build(**kwargs):\n  print(sorted(kwargs))\ndef install(**kwargs):\n  raise ValueError()\n';
    const { lines } = await lab.call(script, [await lab.disk('sda')], { entry: 'build', args: { a: '1' } });
    expect(lines).toEqual(["['a', 'disks', 'networks', 'temporary_directory']"]);
  });

  it('get only the arguments they name, if they take no **kwargs', async () => {
    const script = 'def install(vm_name, a, other="default"):\n  print(vm_name, a, other)\n';
    const { lines } = await lab.call(script, [await lab.disk('sda')], { args: { a: '1', b: '2' } });
    expect(lines).toEqual(['web1 1 default']);
  });

  it('run at a time on clones of one XFS, which all have its UUID', async () => {
    const xfs = { filesystem: 'xfs', sizeMiB: 320 } as const;
    const { volume } = await lab.disk('sda', xfs);
    const [held, other] = [
      await lab.disk('sda', { ...xfs, cloneOf: volume }),
      await lab.disk('sda', { ...xfs, cloneOf: volume }),
    ];
    const enough = new AbortController();
    const mounted = Promise.withResolvers<void>();
    const waits = 'import time\ndef install(**kwargs):\n  print("in", flush=True)\n  time.sleep(600)\n';
    const holding = lab.call(waits, [held], { signal: enough.signal, line: () => mounted.resolve() });
    const ended = expect(holding).rejects.toThrow('enough');
    await Promise.race([mounted.promise, holding]);
    await lab.call('def install(**kwargs):\n  open("/target/me", "w").write("here")\n', [other], { vmName: 'web2' });
    enough.abort(new Error('enough'));
    await ended;
  });

  it('write to raw and qcow2 disks, nested, and the next run sees it', async () => {
    const build = `
import os
def build(temporary_directory, **_):
  with open(f"{temporary_directory}/motd", "w") as file: file.write("shared")
  with open(f"{temporary_directory}/var/log/boot", "w") as file: file.write("log")
  os.chown(f"{temporary_directory}/motd", 33, 44)
`;
    const base = [await lab.disk('sda'), await lab.disk('sdb', { mountpoint: '/var/log' })];
    await lab.call(build, base, { entry: 'build' });
    expect(await lab.text(base[1]!, '/boot')).toBe('log');
    const clones = [
      await lab.disk('sda', { cloneOf: base[0]!.volume }),
      await lab.disk('sdb', { cloneOf: base[1]!.volume, mountpoint: '/var/log' }),
    ];
    expect(clones.map(({ source }) => source.type === 'file' && source.format)).toEqual(['qcow2', 'qcow2']);
    const install = `
import os
def install(temporary_directory, vm_name, **_):
  print(open(f"{temporary_directory}/motd").read(), os.stat(f"{temporary_directory}/motd").st_uid)
  with open(f"{temporary_directory}/hostname", "w") as file: file.write(vm_name)
`;
    expect((await lab.call(install, clones)).lines).toEqual(['shared 33']);
    expect(await lab.text(clones[0]!, '/hostname')).toBe('web1');
    expect(await lab.text(base[0]!, '/hostname')).toBeUndefined();
  });

  it('write to a disk without filesystem as to a device', async () => {
    const disk = await lab.disk('vda', { filesystem: null, mountpoint: null });
    const script = `
def build(disks, **_):
  with open(disks[0]["device"], "r+b") as device:
    device.write(b"bootsector")
`;
    await lab.call(script, [disk], { entry: 'build' });
    const file = disk.source.type === 'file' ? disk.source.path : '';
    expect((await readFile(file)).subarray(0, 10).toString()).toBe('bootsector');
  });

  it('are heard line by line while they run', async () => {
    const heard: number[] = [];
    const script = 'import time\ndef install(**_):\n  for n in range(3):\n    print(n)\n    time.sleep(0.4)\n';
    const begin = Date.now();
    const { lines } = await lab.call(script, [await lab.disk('sda')], { line: () => heard.push(Date.now() - begin) });
    expect(lines).toEqual(['0', '1', '2']);
    expect(heard[2]! - heard[0]!).toBeGreaterThan(500);
  });

  it('read image files, and change none', async () => {
    await writeFile(join(lab.images, 'a.img'), 'image', { mode: 0o600 });
    const script = `
def install(**_):
  print(open("/images/a.img").read())
  try: open("/images/a.img", "w")
  except OSError as error: print(error.strerror)
`;
    expect((await lab.call(script, [await lab.disk('sda')])).lines).toEqual(['image', 'Read-only file system']);
  });

  it.each([
    [
      'an exception',
      'def install(**_):\n  print("so far")\n  raise RuntimeError("no mirror")',
      /^RuntimeError: no mirror\nso far\n.*Traceback/s,
    ],
    ['sys.exit', 'import sys\ndef install(**_):\n  sys.exit("gave up")', /^SystemExit: gave up/],
    [
      'a program that failed',
      'import subprocess\ndef install(**_):\n  subprocess.run(["false"], check=True)',
      /^CalledProcessError: .*false/,
    ],
    ['a mistake in the text', 'def install(**_)\n  pass', /^SyntaxError: .*script\.py, line 1/],
    ['no such function', 'def setup(**_): pass', /defines no function install\(\)/],
    ['a function that is none', 'install = 3', /defines no function install\(\)/],
    ['an argument it is not given', 'def install(color): pass', /missing 1 required positional argument: 'color'/],
    [
      'its own death',
      'import os, signal\ndef install(**_):\n  os.kill(os.getpid(), signal.SIGKILL)',
      /ended without returning from install\(\) \(SIGKILL\)/,
    ],
    ['os._exit', 'import os\ndef install(**_):\n  os._exit(3)', /without returning from install\(\) \(exit status 3\)/],
    ['a wrong result', 'def install(**_):\n  return "kernel"', /returns None or/],
    [
      'a kernel that is not there',
      'def install(**_):\n  return {"kernel": "/boot/none"}',
      /^FileNotFoundError: kernel: '\/boot\/none' on the disks: No such file or directory\nFileNotFoundError: kernel/,
    ],
    [
      'an initrd that is a directory',
      'import os\ndef install(temporary_directory):\n  open(f"{temporary_directory}/k", "w").close()\n  return {"kernel": "/k", "initrd": "/lost+found"}',
      /^IsADirectoryError: initrd: '\/lost\+found' on the disks: Is a directory/,
    ],
    [
      'an initrd that is no path',
      'def install(temporary_directory):\n  open(f"{temporary_directory}/k", "w").close()\n  return {"kernel": "/k", "initrd": 7}',
      /^TypeError: initrd: a path is text, not int/,
    ],
    [
      'an unknown key of the result',
      'def install(**_):\n  return {"kernel": "/k", "cmd": "ro"}',
      /^TypeError: a script returns None or .*: 'cmd' is none of its keys/,
    ],
    [
      'a command line of two lines',
      'def install(**_):\n  return {"kernel": "/x", "cmdline": "a\\nb"}',
      /^ValueError: cmdline/,
    ],
  ])('fail by %s, with its words', async (_, script, words) => {
    expect(await failure(script)).toMatch(words);
  });

  it('leave boot files', async () => {
    const script = `
import os
def install(temporary_directory, **_):
  os.mkdir(f"{temporary_directory}/boot")
  with open(f"{temporary_directory}/boot/vmlinuz-1", "w") as file: file.write("kernel")
  with open(f"{temporary_directory}/boot/initrd", "w") as file: file.write("initrd")
  os.symlink("/boot/vmlinuz-1", f"{temporary_directory}/vmlinuz")
  return {"kernel": "/vmlinuz", "initrd": f"{temporary_directory}/boot/initrd", "cmdline": "root=/dev/sda ro"}
`;
    const { result } = await lab.call(script, [await lab.disk('sda')]);
    const { kernel, initrd, cmdline } = result.boot!;
    expect(cmdline).toBe('root=/dev/sda ro');
    expect([await readFile(kernel, 'utf8'), await readFile(initrd ?? '', 'utf8')]).toEqual(['kernel', 'initrd']);
  });

  it('may be run again over what they left', async () => {
    const disk = await lab.disk('sda');
    const script = 'def install(temporary_directory, **_):\n  open(f"{temporary_directory}/x", "a").write("1")';
    await lab.call(script, [disk]);
    await lab.call(script, [disk]);
    expect(await lab.text(disk, '/x')).toBe('11');
  });
});
