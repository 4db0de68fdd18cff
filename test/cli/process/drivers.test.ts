import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pathsOf } from '../../../cli/paths.ts';
import { simulatedDrivers } from '../../../cli/process/drivers.ts';
import type { Settings } from '../../../cli/process/settings.ts';
import type { NodeName, VolumeId } from '../../../domain/ids.ts';
import { mib } from '../../../domain/units.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-drivers-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('simulates the storage of a simulated node, each its own, also where the pool is real for other nodes', async () => {
  const paths = pathsOf(dir);
  const pool = { name: 'vms', driver: 'local', config: { path: paths.pool('vms') } } as const;
  const storageOf = (name: string) => simulatedDrivers({ paths } as Settings, name as NodeName, 0).storage(pool);
  const [first, second] = [storageOf('hv1'), storageOf('hv2')];
  const volume = 'web1_sda' as VolumeId;
  await first.ensure(volume, mib(16 * 1024 * 1024));
  expect(existsSync(paths.pools)).toBe(false);
  expect(await second.list()).toEqual([]);
  await expect(second.locate(volume)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
});
