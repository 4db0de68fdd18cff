import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onChange } from '../../activities/drivers/hypervisor/console.ts';
import type { HypervisorDriver } from '../../activities/drivers/hypervisor/driver.ts';
import { libvirt } from '../../activities/drivers/hypervisor/libvirt.ts';
import { run } from '../../activities/drivers/run.ts';
import { local } from '../../activities/drivers/storage/local.ts';
import type { SnapshotId, VmId, VolumeId } from '../../domain/ids.ts';
import { portOf } from '../../domain/network.ts';
import { mib } from '../../domain/units.ts';
import { countingGuest, countsIn } from '../activities/drivers/hypervisor/counting-guest.ts';
import { missing, missingLibvirt } from './missing.ts';

const script = new URL('../../scripts/host/libvirtd.sh', import.meta.url).pathname;
const skip = missingLibvirt() ?? missing(['qemu-img', 'ip']);
const SNAPSHOT = 'a1b2c3d4e5f60718293a4b5c6d7e8f90' as SnapshotId;
const OTHER = 'b1b2c3d4e5f60718293a4b5c6d7e8f90' as SnapshotId;
const signal = () => AbortSignal.timeout(60_000);

describe.skipIf(skip)(`a libvirt guest's snapshots${skip ? ` (skipped: ${skip})` : ''}`, { timeout: 120_000 }, () => {
  const vm = randomUUID() as VmId;
  const bridge = `slwbs${process.pid % 100_000}`;
  const mac = `02:${vm.slice(0, 8).replace(/(..)(?=.)/g, '$1:')}:02`;
  let state: string;
  let uri: string;
  let driver: HypervisorDriver;
  const console = (): Promise<string> => readFile(driver.consolePath(vm), 'latin1');
  const last = async (): Promise<number> => countsIn(await console()).at(-1) ?? -1;
  const counted = (value: number) =>
    onChange(driver.consolePath(vm), async () => ((await last()) >= value ? true : undefined), signal());
  /** The numbers that the guest writes from where it goes back, after the first `seen` of its console. */
  const countsAfter = (seen: number) =>
    onChange(
      driver.consolePath(vm),
      async () => {
        const counts = countsIn(await console());
        const back = counts.findIndex((count, index) => index >= seen && count < (counts[index - 1] ?? 0));
        return back >= 0 && counts.length >= back + 3 ? counts.slice(back) : undefined;
      },
      signal(),
    );

  // A clone of a raw image as every VM's disk of a base image is, with every other device beside it.
  beforeAll(async () => {
    state = await mkdtemp(join(tmpdir(), 'slipway-lv-'));
    uri = (await run([script, 'start', state])).stdout.trim();
    driver = libvirt({ uri, dir: join(state, 'node'), run, forceAccel: 'tcg' });
    await run(['ip', 'link', 'add', 'name', bridge, 'type', 'bridge']);
    const pool = local({ path: join(state, 'pool'), run });
    const [base, clone] = ['base-1_sda' as VolumeId, 'counter_sda-1' as VolumeId];
    await pool.ensure(base, mib(1));
    await writeFile(join(state, 'pool', `${base}.raw`), countingGuest());
    await pool.clone(base, clone, mib(8));
    const seed = join(state, 'seed.iso');
    await writeFile(seed, Buffer.alloc(64 * 1024));
    await driver.define({
      ...{ vm, name: 'counter', memory: mib(64), vcpus: 2, serial: true, vnc: '127.0.0.1', seed, boot: null },
      nics: [{ mac, bridge }],
      disks: [{ diskId: 'sda', source: await pool.locate(clone) }],
    });
    await driver.start(vm);
    await counted(5);
  }, 120_000);
  afterAll(async () => {
    await driver.undefine(vm);
    expect(existsSync(join(state, 'node', 'domains', `${vm}.xml`))).toBe(false);
    await run([script, 'end', state]);
    await run(['ip', 'link', 'delete', 'dev', bridge], { okCodes: [0, 1] });
    await rm(state, { recursive: true });
  }, 60_000);

  it('take it back to what it had in its registers, and it counts on from there', async () => {
    const before = await last();
    await driver.snapshots.ensure(vm, SNAPSHOT);
    const after = await last();
    await counted(after + 12);
    for (const _ of ['once', 'again']) {
      const seen = countsIn(await console()).length;
      await driver.snapshots.revert(vm, SNAPSHOT);
      const [first = -1, second, third] = await countsAfter(seen);
      // A line may have been on its way when the moment was kept, and one when the guest was taken back.
      expect(first).toBeGreaterThanOrEqual(before);
      expect(first).toBeLessThanOrEqual(after + 3);
      expect([second, third]).toEqual([first + 1, first + 2]);
      await counted(after + 12);
    }
    const { stdout } = await run(['ip', '-json', 'link', 'show', 'master', bridge]);
    expect((JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname)).toEqual([portOf(mac)]);
  });

  it('are made once, also where an earlier attempt was killed and libvirt goes on with it', async () => {
    const pid = Number(await readFile(join(state, 'run', 'qemu', 'counter.pid'), 'utf8'));
    const cut = new AbortController();
    process.kill(pid, 'SIGSTOP');
    let again: Promise<void>;
    try {
      const create = ['virsh', '-q', '-c', uri, 'snapshot-create-as', vm, OTHER] as const;
      const attempt = run([...create], { signal: cut.signal });
      const killed = expect(attempt).rejects.toThrow('killed');
      // Listed while it is not made yet: nothing else tells that it has begun.
      while (!(await driver.snapshots.list(vm)).includes(OTHER));
      cut.abort(new Error('killed'));
      await killed;
      let early = false;
      again = driver.snapshots.ensure(vm, OTHER).then(() => {
        early = true;
      });
      // Several times as long as it would take to find it in the list and believe that.
      for (const _ of [1, 2, 3]) await driver.snapshots.list(vm);
      expect(early).toBe(false);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    // It may be told that libvirt is busy still, as an activity is, which comes back.
    await again.catch((error: { fault?: { kind: string } }) => {
      if (error.fault?.kind !== 'unavailable') throw error;
      return driver.snapshots.ensure(vm, OTHER);
    });
    expect([...(await driver.snapshots.list(vm))].sort()).toEqual([SNAPSHOT, OTHER]);
    await driver.snapshots.revert(vm, OTHER);
    await driver.snapshots.remove(vm, OTHER);
  });

  it('are removed without touching the guest', async () => {
    const now = await last();
    await driver.snapshots.remove(vm, SNAPSHOT);
    await counted(now + 2);
    expect(await driver.snapshots.list(vm)).toEqual([]);
    const { stdout } = await run(['qemu-img', 'snapshot', '-l', '-U', join(state, 'pool', 'counter_sda-1.qcow2')]);
    expect(stdout.trim()).toBe('');
  });
});
