import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePassable } from '../../../../activities/drivers/hypervisor/passage.ts';

let outside: string;
beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'slipway-passage-'));
});
afterEach(() => rm(outside, { recursive: true }));

const mode = async (...path: readonly string[]): Promise<string> =>
  ((await stat(join(outside, ...path))).mode & 0o7777).toString(8);

it('opens the way to the files and nothing beside it', async () => {
  for (const dir of ['data', 'data/pools', 'data/pools/vms', 'data/images', 'database']) {
    await mkdir(join(outside, dir));
    await chmod(join(outside, dir), 0o2750);
  }
  const files = ['data/pools/vms/a.raw', 'database/b.raw'].map((file) => join(outside, file));
  await makePassable(join(outside, 'data'), files);
  await makePassable(join(outside, 'data'), files);
  expect([await mode('data'), await mode('data/pools'), await mode('data/pools/vms')]).toEqual([
    '2751',
    '2751',
    '2751',
  ]);
  expect([await mode(), await mode('data/images'), await mode('database')]).toEqual(['700', '2750', '2750']);
});
