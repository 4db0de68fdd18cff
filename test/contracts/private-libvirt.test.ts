import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { libvirt } from '../../activities/drivers/hypervisor/libvirt.ts';
import { run } from '../../activities/drivers/run.ts';
import { libvirtUri, SYSTEM_URI } from '../../cli/process/libvirt.ts';
import type { VmId } from '../../domain/ids.ts';
import { mib } from '../../domain/units.ts';
import { serialGuest } from '../activities/drivers/hypervisor/serial-guest.ts';
import { missingLibvirt } from './missing.ts';

const script = new URL('../../scripts/host/libvirtd.sh', import.meta.url).pathname;
const log = { info: () => undefined, warn: () => undefined };

const skip = missingLibvirt() ?? (await systemLibvirt());

/** Where the system's libvirtd runs, no private one is started. */
async function systemLibvirt(): Promise<string | undefined> {
  const found = await run(['virsh', '-c', SYSTEM_URI, 'version']).catch(() => undefined);
  return found && "the system's libvirtd runs";
}

describe.skipIf(skip)(`private libvirtd${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let dir: string;
  let state: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'slipway-lv-'));
    state = join(dir, 'libvirt');
  });
  afterEach(async () => {
    await run([script, 'end', state]);
    await rm(dir, { recursive: true });
  });

  const pid = (): number => Number(readFileSync(join(state, 'libvirtd.pid'), 'utf8'));
  const lives = (id: number): boolean => existsSync(`/proc/${id}/exe`);
  const open = () => libvirtUri({ dir: state, log });

  async function guest(uri: string): Promise<{ readonly vm: VmId; readonly qemu: number }> {
    const vm = randomUUID() as VmId;
    const disk = join(dir, 'guest.img');
    await writeFile(disk, serialGuest('private guest runs'));
    const driver = libvirt({ uri, dir: join(dir, 'node'), run, forceAccel: 'tcg' });
    await driver.define({
      vm,
      name: 'private',
      memory: mib(64),
      vcpus: 1,
      disks: [{ diskId: 'sda', source: { type: 'file', path: disk, format: 'raw' } }],
      nics: [],
      serial: true,
      vnc: null,
      seed: null,
      boot: null,
    });
    await driver.start(vm);
    await driver.awaitConsole(vm, /private guest runs/, AbortSignal.timeout(60_000));
    return { vm, qemu: Number(readFileSync(join(state, 'run', 'qemu', 'private.pid'), 'utf8')) };
  }
  const running = async (uri: string): Promise<string> =>
    (await run(['virsh', '-q', '-c', uri, 'list', '--uuid'])).stdout.trim();

  it('is one, however often and from wherever it is asked for', async () => {
    const [first, second] = await Promise.all([open(), open()]);
    expect(second.uri).toBe(first.uri);
    const one = pid();
    expect((await open()).uri).toBe(first.uri);
    expect(pid()).toBe(one);
    await first.stop();
    await first.stop();
    expect(lives(one)).toBe(false);
  });

  it('finds its guests again after it was killed, and after it was stopped', async () => {
    const { uri, stop } = await open();
    const { vm, qemu } = await guest(uri);
    process.kill(pid(), 'SIGKILL');
    expect(await running((await open()).uri)).toBe(vm);
    await stop();
    expect(lives(qemu)).toBe(true);
    expect(await running((await open()).uri)).toBe(vm);
    await stop();
    // Also from the outside, with no libvirtd there: what removing an installation does.
    await run([script, 'end', state]);
    expect(lives(qemu)).toBe(false);
  });

  it('is started again by whoever misses it, and by whoever waits for its guest', async () => {
    const { uri, reaching, stop } = await open();
    const { vm, qemu } = await guest(uri);
    const driver = libvirt({ uri, dir: join(dir, 'node'), run: reaching(run), forceAccel: 'tcg' });
    process.kill(pid(), 'SIGKILL');
    expect(await driver.list()).toEqual([{ vm, name: 'private', running: true }]);
    // Waits by events, which nobody tells of while there is no libvirtd.
    const off = expect(driver.awaitConsole(vm, /never said/, AbortSignal.timeout(30_000))).rejects.toThrow('stopped');
    const second = pid();
    process.kill(second, 'SIGKILL');
    await driver.stop(vm);
    await off;
    expect(lives(qemu)).toBe(false);
    expect(pid()).not.toBe(second);
    await stop();
    await expect(driver.list()).rejects.toMatchObject({ fault: { kind: 'internal' } });
    expect(existsSync(join(state, 'libvirtd.pid'))).toBe(false);
  });

  it('says which way there is when its directory is too long for a socket', async () => {
    const long = join(dir, 'x'.repeat(100));
    await expect(libvirtUri({ dir: long, log })).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
    await expect(libvirtUri({ dir: long, log })).rejects.toThrow(/systemctl start libvirtd.*path too long/);
  });
});
