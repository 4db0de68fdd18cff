import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { libvirt } from '../../activities/drivers/hypervisor/libvirt.ts';
import { run } from '../../activities/drivers/run.ts';
import { isoSeed } from '../../activities/drivers/seed.ts';
import { local } from '../../activities/drivers/storage/local.ts';
import type { VmId, VolumeId } from '../../domain/ids.ts';
import { mib } from '../../domain/units.ts';
import { serialGuest } from '../activities/drivers/hypervisor/serial-guest.ts';
import { missing } from './missing.ts';

/** What Debian's libvirt-daemon-system configures: QEMU as a user of its own, console logs through virtlogd. */
const CONFIGURATION = '/etc/libvirt/qemu.conf';

const skip =
  missing(['libvirtd', 'virtlogd', 'virsh', 'qemu-system-x86_64', 'qemu-img', 'genisoimage', 'setpriv']) ??
  (existsSync(CONFIGURATION) ? undefined : 'no libvirt-daemon-system');

/**
 * The system's daemons with the system's configuration, their state in a directory. They live in a PID namespace that ends with
 * its first process, and that with its input: nothing is left on the host.
 */
const START = `
mount --make-rslave /
mount -t proc proc /proc
for name in run:/run/libvirt lib:/var/lib/libvirt cache:/var/cache/libvirt log:/var/log/libvirt qemu:/etc/libvirt/qemu; do
  mkdir -p "$1/\${name%%:*}" "\${name#*:}"
  mount --bind "$1/\${name%%:*}" "\${name#*:}"
done
virtlogd --daemon
libvirtd --daemon
echo ready
read -r
`;

/** Resolves when they answer; what it returns ends them and their guests. */
async function startDaemons(state: string): Promise<() => Promise<void>> {
  const namespaces = ['--mount', '--propagation', 'unchanged', '--pid', '--fork', '--kill-child'];
  const child = spawn('unshare', [...namespaces, 'bash', '-ec', START, 'bash', state], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [line] = await Promise.race([once(child.stdout, 'data'), ended]);
  if (String(line).trim() !== 'ready') throw new Error(`the system's libvirtd does not start: ${line}`);
  return async () => {
    child.stdin.end();
    await ended;
  };
}

describe.skipIf(skip)(`the system's libvirt${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let root: string;
  let data: string;
  let uri: string;
  let stop: () => Promise<void>;
  const before = process.umask();
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'slipway-sys-'));
    await chmod(root, 0o755);
    const state = join(root, 'libvirt');
    data = join(root, 'data');
    uri = `qemu+unix:///system?socket=${join(state, 'run', 'libvirt-sock')}`;
    await mkdir(state);
    stop = await startDaemons(state);
    // As a process of ours has them.
    process.umask(0o027);
    await mkdir(data, { mode: 0o750 });
    await writeFile(join(data, 'slipway.db'), 'secret');
  });
  afterAll(async () => {
    process.umask(before);
    await stop?.();
    await rm(root, { recursive: true });
  });

  const asQemu = (...argv: readonly string[]) =>
    run(['setpriv', '--reuid=libvirt-qemu', '--regid=libvirt-qemu', '--clear-groups', ...argv], { okCodes: [0, 1, 2] });

  it('runs guests on clones of one base image, and shows their user nothing else', async () => {
    const node = join(data, 'nodes', 'hv1');
    const driver = libvirt({ uri, dir: node, run, forceAccel: 'tcg', passableFrom: data });
    const storage = local({ path: join(data, 'pools', 'vms'), run });
    const base = 'base_sda' as VolumeId;
    await storage.ensure(base, mib(1));
    const image = await storage.locate(base);
    if (image.type !== 'file') throw new Error('bug: a local volume is a file');
    await writeFile(image.path, serialGuest('guest of the system runs'));
    await mkdir(join(node, 'seeds'), { recursive: true });

    const make = async (name: string): Promise<VmId> => {
      const vm = randomUUID() as VmId;
      const volume = `${name}_sda` as VolumeId;
      await storage.clone(base, volume, mib(1));
      const seed = join(node, 'seeds', `${name}.iso`);
      await isoSeed(run)(seed, { metaData: '{}', userData: '#cloud-config\n', networkConfig: null });
      const disks = [{ diskId: 'sda', source: await storage.locate(volume) }];
      const hardware = { memory: mib(64), vcpus: 1, nics: [], serial: true, vnc: '127.0.0.1', boot: null };
      await driver.define({ vm, name, ...hardware, disks, seed });
      await driver.start(vm);
      await driver.awaitConsole(vm, /guest of the system runs/, AbortSignal.timeout(30_000));
      return vm;
    };
    const owner = async (name: string): Promise<number> => {
      const { stdout } = await run(['ps', '-eo', 'uid,args']);
      const line = stdout.split('\n').find((process) => process.includes(`-name guest=${name},`));
      return Number(line?.trim().split(' ')[0]);
    };
    const qemu = Number((await run(['id', '-u', 'libvirt-qemu'])).stdout);

    const first = await make('first');
    const second = await make('second');
    expect([await owner('first'), await owner('second')]).toEqual([qemu, qemu]);

    expect((await asQemu('cat', join(data, 'slipway.db'))).code).toBe(1);
    expect((await asQemu('ls', data)).code).not.toBe(0);
    expect(
      (
        await run(['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', 'cat', image.path], {
          okCodes: [1],
        })
      ).code,
    ).toBe(1);

    // One that ends takes nothing from the other: the base image stays readable.
    await driver.stop(first);
    await driver.start(first);
    await driver.stop(second);
    await driver.start(second);
    for (const vm of [first, second]) await driver.undefine(vm);
    expect(readdirSync(join(node, 'consoles'))).toEqual([]);
    expect(await driver.list()).toEqual([]);
  }, 120_000);
});
