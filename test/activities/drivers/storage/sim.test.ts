import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sim } from '../../../../activities/drivers/storage/sim.ts';
import type { VolumeId } from '../../../../domain/ids.ts';
import { mib } from '../../../../domain/units.ts';
import { storageContract } from '../../../contracts/storage.ts';

const open = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-sim-'));
  return {
    driver: sim({ dir, stepMs: 0 }),
    halfMake: (volume: VolumeId) => writeFile(join(dir, `.${volume}~killed`), '{'),
    close: () => rm(dir, { recursive: true }),
  };
};

storageContract('sim', open);

it('keeps its volumes when it is opened again', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-sim-'));
  await sim({ dir, stepMs: 0 }).ensure('a' as VolumeId, mib(5));
  expect(await sim({ dir, stepMs: 0 }).list()).toEqual([{ volume: 'a', size: 5 }]);
  await rm(dir, { recursive: true });
});
