import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../../../activities/drivers/run.ts';
import type { StorageDriver } from '../../../../activities/drivers/storage/driver.ts';
import { local } from '../../../../activities/drivers/storage/local.ts';
import type { VolumeId } from '../../../../domain/ids.ts';
import { mib } from '../../../../domain/units.ts';
import { storageContract } from '../../../contracts/storage.ts';

storageContract('local', async () => {
  const path = await mkdtemp(join(tmpdir(), 'slipway-pool-'));
  return {
    driver: local({ path, run }),
    halfMake: (volume: VolumeId) => writeFile(join(path, `.${volume}~killed`), 'half'),
    close: () => rm(path, { recursive: true }),
  };
});

const [base, a, b] = ['base' as VolumeId, 'a' as VolumeId, 'b' as VolumeId];
let path: string;
let driver: StorageDriver;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'slipway-pool-'));
  driver = local({ path, run });
});
afterEach(() => rm(path, { recursive: true, force: true }));

it('takes no space for a blank volume', async () => {
  await driver.ensure(a, mib(1024));
  expect((await stat(join(path, 'a.raw'))).blocks).toBe(0);
});

it('works on after the pool was moved', async () => {
  await driver.ensure(base, mib(8));
  await writeFile(join(path, 'base.raw'), Buffer.concat([Buffer.from('hello'), Buffer.alloc(8 * 2 ** 20 - 5)]));
  await driver.clone(base, a, mib(8));
  await driver.clone(a, b, mib(16));
  const moved = `${path}-moved`;
  await rename(path, moved);
  const { path: file } = (await local({ path: moved, run }).locate(b)) as { path: string };
  await run(['qemu-img', 'convert', '-O', 'raw', file, join(moved, 'out')]);
  expect((await readFile(join(moved, 'out'))).subarray(0, 5).toString()).toBe('hello');
  await rm(moved, { recursive: true });
});

it('does not believe a qcow2 header that a guest wrote into a raw disk', async () => {
  await run([
    'qemu-img',
    'create',
    '-q',
    '-f',
    'qcow2',
    '-F',
    'raw',
    '-u',
    '-b',
    '/etc/shadow',
    join(path, 'evil'),
    '1M',
  ]);
  await rename(join(path, 'evil'), join(path, 'base.raw'));
  expect(await driver.locate(base)).toEqual({ type: 'file', path: join(path, 'base.raw'), format: 'raw' });
  await driver.clone(base, a, mib(1));
  const info = await run(['qemu-img', 'info', '--output=json', join(path, 'a.qcow2')]);
  expect(JSON.parse(info.stdout)['backing-filename-format']).toBe('raw');
});

it('leaves files that are not volumes alone', async () => {
  await writeFile(join(path, 'README'), 'mine');
  await driver.ensure(a, mib(1));
  await driver.remove(a);
  expect(await readdir(path)).toEqual(['README']);
  expect(await driver.list()).toEqual([]);
});

it('leaves no working file when making fails', async () => {
  await driver.ensure(base, mib(1));
  const broken = local({ path, run: () => Promise.reject(new Error('no qemu-img')) });
  await expect(broken.clone(base, a, mib(1))).rejects.toThrow('no qemu-img');
  expect(await readdir(path)).toEqual(['base.raw']);
});
