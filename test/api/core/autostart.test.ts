import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import { startLater, startWithNode } from '../../../api/core/autostart.ts';
import type { NodeName } from '../../../domain/ids.ts';
import type { Task } from '../../../domain/task.ts';
import { findVmByName, updateVm, type VmRow } from '../../../store/vm.ts';
import { ADMIN, BUILDING, type Cluster, cluster, request } from './cluster.ts';

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

const parts = () => ({ ...c, log: { warn: (fields: object) => void c.warnings.push(fields) } });

async function begin(): Promise<{ readonly vms: readonly string[]; readonly told: readonly string[] }> {
  const before = c.jobs.started.length;
  const { begun: vms } = await startWithNode(parts(), HV1);
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
  expect(c.warnings).toMatchObject([{ vm: (await row('big')).id, reason: expect.stringContaining("VM 'big'") }]);
});

describe('a VM that an operation had when its host went down', () => {
  // Clones keep snapshots.
  beforeEach(() => c.profile({ script: BUILDING }));

  const NO_ABORT = new AbortController().signal;
  const end = ({ id }: { readonly id: Task['id'] }) =>
    controlActivities(c.store).finishTask(id, { state: 'FAILURE', status: 'over', error: 'it went off' });

  it('starts when that has ended, and what waited behind it', async () => {
    await vm('auto', { state: 'running' });
    const [one, two] = [
      await c.services.snapshots.create(ADMIN, 'auto', 'a'),
      await c.services.snapshots.create(ADMIN, 'auto', 'b'),
    ];
    await c.settled();
    const { begun, later } = await startWithNode(parts(), HV1);
    expect({ begun, later }).toEqual({ begun: [], later: [(await row('auto')).id] });
    const started = startLater(parts(), later, NO_ABORT);
    await end(one.task);
    await end(two.task);
    await started;
    await c.settled();
    expect(await row('auto')).toMatchObject({ state: 'starting' });
    expect(c.jobs.started.at(-1)).toMatchObject({ kind: 'vm.start', target: 'auto' });
  });

  it('is left to whoever has it when that has ended', async () => {
    await vm('auto', { state: 'running' });
    const { task } = await c.services.snapshots.create(ADMIN, 'auto', 'a');
    const { later } = await startWithNode(parts(), HV1);
    await end(task);
    const stop = await c.services.vms.act(ADMIN, 'auto', 'stop');
    await startLater(parts(), later, NO_ABORT);
    expect(await row('auto')).toMatchObject({ state: 'stopping', changing: stop?.id });
  });

  it('is waited for no longer than the node runs', async () => {
    await vm('auto', { state: 'running' });
    await c.services.snapshots.create(ADMIN, 'auto', 'a');
    const stopping = new AbortController();
    const over = startLater(parts(), (await startWithNode(parts(), HV1)).later, stopping.signal);
    stopping.abort();
    await over;
    expect(await row('auto')).toMatchObject({ state: 'running' });
  });
});
