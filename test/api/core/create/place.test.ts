import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Selector } from '../../../../domain/vm.ts';
import { updateVm } from '../../../../store/vm.ts';
import { ADMIN, type Cluster, cluster, request } from '../cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1', { memoryUsed: 1_000, load: 2 });
  await c.node('hv2', { memoryUsed: 8_000, load: 0.5 });
  await c.node('hv3', { memoryUsed: 8_000, load: 1 });
});
afterEach(() => c.close());

const nodeOf = async (name: string): Promise<string> =>
  (await c.services.provisioner.create(ADMIN, request({ name }))).runOn;

it.each<[Selector | undefined, string[] | undefined, string]>([
  ['mem', undefined, 'hv1'],
  ['load', undefined, 'hv2'],
  ['load', ['hv1', 'hv3'], 'hv3'],
  [undefined, ['hv3'], 'hv3'],
  [undefined, undefined, 'hv1'],
])('places by %s within %j', async (nodeSelector, nodeLimit, expected) => {
  await c.profile({ system: { vcpus: 1, memoryMiB: 512, nodeSelector, nodeLimit } });
  expect(await nodeOf('web1')).toBe(expected);
});

it('counts what was promised a moment ago', async () => {
  await c.profile({ system: { vcpus: 1, memoryMiB: 512, nodeSelector: 'vms' } });
  expect([await nodeOf('a'), await nodeOf('b'), await nodeOf('c')].sort()).toEqual(['hv1', 'hv2', 'hv3']);
  await c.profile({ system: { vcpus: 1, memoryMiB: 14_000 } });
  expect(await nodeOf('large')).toBe('hv1');
  await expect(nodeOf('larger')).rejects.toMatchObject({ fault: { kind: 'no-capacity' } });
});

it('counts space that was promised and not made yet', async () => {
  for (const name of ['hv1', 'hv2', 'hv3']) await c.node(name, { pools: [{ name: 'vms', total: 9_000, free: 6_000 }] });
  await c.profile();
  for (const name of ['a', 'b', 'c']) await nodeOf(name);
  await expect(nodeOf('d')).rejects.toThrow("hv1: storage pool 'vms' has 880 MiB free, 5120 wanted");
});

it('goes where the volume is that it imports', async () => {
  await c.profile({ system: { vcpus: 1, memoryMiB: 512, nodeLimit: ['hv3'] } });
  await nodeOf('golden');
  const golden = await c.services.vms.get(ADMIN, 'golden');
  await c.store.write((tx) => updateVm(tx, golden.id, { state: 'stopped', changing: null, defined: true }));
  await c.profile({ disks: [{ id: 'vda', pool: 'vms', sourceVolume: 'golden_sda' }] });
  expect(await nodeOf('copy')).toBe('hv3');
  const copy = await c.services.vms.get(ADMIN, 'copy');
  expect(copy.disks).toMatchObject([
    { name: 'copy_vda', size: 4096, fill: { kind: 'clone', source: golden.disks[0]?.volume }, filesystem: null },
  ]);
  await expect(c.services.vms.act(ADMIN, 'golden', 'start')).rejects.toThrow('copy_vda');
  await expect(c.services.vms.remove(ADMIN, 'golden', true)).rejects.toThrow('copy_vda');
});
