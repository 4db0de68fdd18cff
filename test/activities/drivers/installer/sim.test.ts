import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { InstallJob, OpenDisk } from '../../../../activities/drivers/installer/driver.ts';
import { sim } from '../../../../activities/drivers/installer/sim.ts';
import type { StorageDriver } from '../../../../activities/drivers/storage/driver.ts';
import { sim as simStorage } from '../../../../activities/drivers/storage/sim.ts';
import type { VolumeId } from '../../../../domain/ids.ts';
import { mib } from '../../../../domain/units.ts';

const VOLUME = 'web1_sda' as VolumeId;
const SIGNAL = new AbortController().signal;
const installer = sim({ stepMs: 0 });

let dir: string;
let pool: StorageDriver;
let disk: OpenDisk;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-sim-'));
  pool = simStorage({ dir, stepMs: 0 });
  await pool.ensure(VOLUME, mib(5));
  disk = {
    ...{ volume: VOLUME, name: VOLUME, pool: 'vms', diskId: 'sda', size: mib(5), fill: { kind: 'blank' } },
    ...{ filesystem: 'ext4', filesystemArgs: [], mountpoint: '/', source: await pool.locate(VOLUME) },
  };
});
afterEach(() => rm(dir, { recursive: true }));

const jobOf = (script: string) =>
  ({
    entry: 'install',
    input: { vmName: 'web1', vmId: 1, script, args: { password: 'hidden' }, vnis: [] },
    disks: [disk],
    outDir: dir,
  }) as unknown as InstallJob;
const install = (signal = SIGNAL) =>
  installer.run(jobOf('def install(**kwargs):\n    pass\n'), () => undefined, signal);
const onDisk = async () => JSON.parse(await readFile(join(dir, `${VOLUME}.json`), 'utf8')) as unknown;

it('puts on a volume what a host would, but for the values of arguments, and takes nothing away', async () => {
  for (const _ of ['once', 'twice']) {
    await installer.format(disk, SIGNAL);
    await install();
  }
  const run = { vmName: 'web1', arguments: expect.arrayContaining(['password', 'vm_name']) };
  expect(await onDisk()).toEqual({ size: 5, source: null, mkfs: expect.arrayContaining(['mkfs.ext4']), install: run });
  expect(JSON.stringify(await onDisk())).not.toContain('hidden');
  await pool.ensure(VOLUME, mib(5));
  expect(await onDisk()).toHaveProperty('install');
});

it('leaves nothing when the volume is removed, also of an attempt that was ended', async () => {
  await installer.format(disk, SIGNAL);
  await install();
  await expect(install(AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
  expect(await readdir(dir)).toEqual([`${VOLUME}.json`]);
  await pool.remove(VOLUME);
  expect(await readdir(dir)).toEqual([]);
});

it('makes no volume that is not there', async () => {
  await pool.remove(VOLUME);
  await expect(installer.format(disk, SIGNAL)).rejects.toThrow('ENOENT');
  expect(await readdir(dir)).toEqual([]);
});
