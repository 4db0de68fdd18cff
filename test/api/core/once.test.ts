import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Task } from '../../../domain/task.ts';
import { gibToMib } from '../../../domain/units.ts';
import { findVmByName, updateVm, type VmRow } from '../../../store/vm.ts';
import { ADMIN, BUILDING, type Cluster, cluster, NETWORK, request, rowsOf } from './cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.profile({ script: BUILDING });
  await c.services.provisioner.create(ADMIN, request());
  await be('running');
});
afterEach(() => c.close());

const row = async (): Promise<VmRow> => (await findVmByName(c.store.read, 'web1'))!;
const be = async (state: VmRow['state']): Promise<void> => {
  const { id } = await row();
  await c.store.write((tx) => updateVm(tx, id, { state, changing: null, defined: true }));
};
const end = ({ id }: Pick<Task, 'id'>) =>
  controlActivities(c.store).finishTask(id, { state: 'SUCCESS', status: 'over', error: null });
const act = (action: 'start' | 'stop' | 'restart' | 'shutdown', key: string | null, who: Principal = ADMIN) =>
  c.services.vms.act(who, 'web1', action, key);
const remove = (key: string | null, disks = true) => c.services.vms.remove(ADMIN, 'web1', disks, key);
const attach = (key: string | null, gib = 1) => c.services.disks.attach(ADMIN, 'web1', gibToMib(gib), key);
const snapshot = async (name: string, key: string | null) =>
  (await c.services.snapshots.create(ADMIN, 'web1', name, key)).task;
const keep = async (...names: readonly string[]) => {
  for (const name of names) await end(await snapshot(name, null));
};

interface Case {
  readonly prepare?: () => Promise<unknown>;
  readonly ask: (key: string) => Promise<Task | null>;
  /** The same kind of request for something else. */
  readonly other: (key: string) => Promise<unknown>;
}

const CASES: Readonly<Record<string, Case>> = {
  creation: {
    ask: (idempotencyKey) => c.services.provisioner.create(ADMIN, request({ name: 'web2', idempotencyKey })),
    other: (idempotencyKey) => c.services.provisioner.create(ADMIN, request({ name: 'web3', idempotencyKey })),
  },
  'change of state': { ask: (key) => act('stop', key), other: (key) => act('restart', key) },
  'removal of a VM': { ask: (key) => remove(key), other: (key) => remove(key, false) },
  snapshot: { ask: (key) => snapshot('a', key), other: (key) => snapshot('b', key) },
  revert: {
    prepare: () => keep('a', 'b'),
    ask: (key) => c.services.snapshots.revert(ADMIN, 'web1', 'a', key),
    other: (key) => c.services.snapshots.revert(ADMIN, 'web1', 'b', key),
  },
  'removal of a snapshot': {
    prepare: () => keep('a', 'b'),
    ask: (key) => c.services.snapshots.remove(ADMIN, 'web1', 'a', key),
    other: (key) => c.services.snapshots.remove(ADMIN, 'web1', 'b', key),
  },
  disk: { ask: (key) => attach(key), other: (key) => attach(key, 2) },
  'removal of a volume': {
    prepare: async () => controlActivities(c.store).forgetVm((await row()).id, true),
    ask: (key) => c.services.volumes.remove(ADMIN, 'vms', 'web1_sda', key),
    other: (key) => c.services.volumes.remove(ADMIN, 'vms', 'web1_sdb', key),
  },
  'removal of a network': {
    prepare: () =>
      c.services.networks.create(ADMIN, { ...NETWORK, vni: 200 as never, description: 'b', ip4: null, nat: false }),
    ask: (key) => c.services.networks.remove(ADMIN, '200', key),
    other: (key) => c.services.networks.remove(ADMIN, '100', key),
  },
};

it.each(Object.entries(CASES))('begins a %s once for a key, however often and at once', async (_, { prepare, ask }) => {
  await prepare?.();
  await c.settled();
  const before = c.jobs.started.length;
  const [one, two] = await Promise.all([ask('k1'), ask('k1')]);
  expect(one).toMatchObject({ id: two?.id, state: 'PENDING' });
  await end(one!);
  await c.settled();
  const rows = rowsOf(c.file);
  expect(await ask('k1')).toMatchObject({ id: one?.id, state: 'SUCCESS' });
  await c.settled();
  expect(rowsOf(c.file)).toBe(rows);
  expect(c.jobs.started.slice(before).map(({ id }) => id)).toEqual([one?.id]);
});

it.each(Object.entries(CASES))('refuses the key of a %s for another request', async (_, { prepare, ask, other }) => {
  await prepare?.();
  const task = await ask('k1');
  await c.settled();
  const [rows, started] = [rowsOf(c.file), c.jobs.started.length];
  for (const another of [other, () => act('start', 'k1')])
    await expect(another('k1')).rejects.toMatchObject({
      fault: { kind: 'conflict', why: expect.stringContaining(`another request, which is task ${task?.id}`) },
    });
  await c.settled();
  expect(rowsOf(c.file)).toBe(rows);
  expect(c.jobs.started).toHaveLength(started);
});

it('gives the task of a removal when the VM is gone', async () => {
  const task = await remove('k1');
  await controlActivities(c.store).forgetVm((await row()).id, false);
  await end(task);
  expect(await remove('k1')).toMatchObject({ id: task.id, state: 'SUCCESS' });
  await expect(remove(null)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
});

it('gives the id of a snapshot that is there no more', async () => {
  const asked = await c.services.snapshots.create(ADMIN, 'web1', 'a', 'k1');
  await end(asked.task);
  await end(await c.services.snapshots.remove(ADMIN, 'web1', 'a'));
  expect(await c.services.snapshots.list(ADMIN, 'web1')).toEqual([]);
  const again = await c.services.snapshots.create(ADMIN, 'web1', 'a', 'k1');
  expect(again).toMatchObject({ snapshot: asked.snapshot, task: { id: asked.task.id } });
});

it('restarts once for a key, and again for another', async () => {
  const once = await act('restart', 'k1');
  await be('running');
  await end(once!);
  expect((await act('restart', 'k1'))?.id).toBe(once?.id);
  expect(await row()).toMatchObject({ state: 'running', changing: null });
  expect((await act('restart', 'k2'))?.id).not.toBe(once?.id);
});

it('gives a task that was joined by a key when it has ended, and begins no other', async () => {
  const task = await act('restart', 'k1');
  expect((await act('restart', 'k2'))?.id).toBe(task?.id);
  await be('running');
  await end(task!);
  for (const key of ['k2', 'k1']) expect((await act('restart', key))?.id).toBe(task?.id);
  expect(await row()).toMatchObject({ state: 'running', changing: null });
  await expect(act('stop', 'k2')).rejects.toMatchObject({ fault: { kind: 'conflict' } });
});

it('knows what an administrator asked of another tenant’s VM, beside what others of that name asked', async () => {
  const other: Principal = { account: ADMIN.account, tenant: 'other', role: 'user' };
  await c.services.provisioner.create(other, request({ name: 'theirs' }));
  const vm = (await findVmByName(c.store.read, 'theirs'))!;
  const run = () => c.store.write((tx) => updateVm(tx, vm.id, { state: 'running', changing: null, defined: true }));
  await run();
  const task = await c.services.vms.act(ADMIN, 'theirs', 'restart', 'k1');
  expect(task?.tenant).toBe('other');
  await run();
  const namesake: Principal = { ...other, tenant: 'another' };
  const own = await c.services.provisioner.create(namesake, request({ name: 'own', idempotencyKey: 'k1' }));
  expect(own).toMatchObject({ kind: 'provisioner.create', tenant: 'another' });
  expect((await c.services.vms.act(ADMIN, 'theirs', 'restart', 'k1'))?.id).toBe(task?.id);
});

it('refuses a key that is too long, whatever is asked', async () => {
  await expect(act('start', 'k'.repeat(256))).rejects.toMatchObject({
    fault: { kind: 'invalid', field: 'Idempotency-Key' },
  });
  expect(await act('start', 'k'.repeat(255))).toMatchObject({ kind: 'vm.start' });
});
