import { afterEach, beforeEach, expect, it } from 'vitest';
import { startWithNode } from '../../../api/core/autostart.ts';
import type { NodeName } from '../../../domain/ids.ts';
import { findVmByName, updateVm, type VmRow } from '../../../store/vm.ts';
import { ADMIN, type Cluster, cluster, request } from './cluster.ts';

const HV1 = 'hv1' as NodeName;

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.profile();
});
afterEach(() => c.close());

const row = async (name: string): Promise<VmRow> => (await findVmByName(c.store.read, name))!;

/** A VM that is off and starts with its node, but for what is said of it. */
async function vm(name: string, change: Partial<VmRow> = {}): Promise<void> {
  await c.services.provisioner.create(ADMIN, request({ name }));
  const { id } = await row(name);
  const off = { state: 'stopped', changing: null, defined: true, autostart: true, ...change } as const;
  await c.store.write((tx) => updateVm(tx, id, off));
}

async function begin(): Promise<{ readonly vms: readonly string[]; readonly told: readonly string[] }> {
  const before = c.jobs.started.length;
  const parts = { store: c.store, jobs: c.jobs, log: { warn: (fields: object) => void c.warnings.push(fields) } };
  const vms = await startWithNode(parts, HV1);
  await c.settled();
  return { vms, told: c.jobs.started.slice(before).map(({ kind, target }) => `${kind} ${target}`) };
}

it('starts those that are off and start with their node, once', async () => {
  await vm('auto');
  await vm('other', { autostart: false });
  await vm('runs', { state: 'running' });
  await vm('away', { node: 'hv2' as NodeName });
  await c.settled();
  expect(await begin()).toEqual({ vms: ['auto'], told: ['vm.start auto'] });
  expect(await begin()).toEqual({ vms: [], told: [] });
  expect((await row('auto')).state).toBe('starting');
});

it('leaves what is being changed, and what has no domain, to whoever does', async () => {
  await vm('busy', { changing: (await c.services.provisioner.create(ADMIN, request({ name: 'one' }))).id });
  await vm('bare', { defined: false });
  await c.settled();
  expect(await begin()).toEqual({ vms: [], told: [] });
});

it('starts the others when one has no room, and says why', async () => {
  await vm('big', { memory: 1_000_000 as VmRow['memory'] });
  await vm('small');
  await c.settled();
  expect((await begin()).vms).toEqual(['small']);
  expect(c.warnings).toMatchObject([{ vm: 'big', node: 'hv1', reason: expect.stringContaining('memory free') }]);
});
