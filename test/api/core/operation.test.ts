import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import { settleLost } from '../../../api/core/lost.ts';
import { sweep } from '../../../api/core/sweeper.ts';
import type { TaskId } from '../../../domain/ids.ts';
import type { AttachDisk } from '../../../domain/plan.ts';
import type { Task } from '../../../domain/task.ts';
import { gibToMib, mib } from '../../../domain/units.ts';
import { findTask, type TaskRow } from '../../../store/task.ts';
import { findVmByName, updateVm, type VmRow } from '../../../store/vm.ts';
import { insertVolumes } from '../../../store/volume.ts';
import { ADMIN, BUILDING, type Cluster, cluster, request, SCRIPT } from './cluster.ts';

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
const be = async (state: VmRow['state'], change: Partial<VmRow> = {}): Promise<void> => {
  const { id } = await row();
  await c.store.write((tx) => updateVm(tx, id, { state, changing: null, defined: true, ...change }));
};
const snapshot = async (name: string | null = null) => {
  const asked = await c.services.snapshots.create(ADMIN, 'web1', name);
  return { ...asked, snapshot: (await snapshots()).find(({ id }) => id === asked.snapshot)! };
};
const disk = (gib = 1) => c.services.disks.attach(ADMIN, 'web1', gibToMib(gib));
const taskOf = (task: Pick<Task, 'id'>) => c.services.tasks.get(ADMIN, task.id);
const states = async (...tasks: readonly Pick<Task, 'id'>[]) =>
  Promise.all(tasks.map(async (task) => ((await row()).changing === task.id ? 'begun' : (await taskOf(task)).state)));
const snapshots = () => c.services.snapshots.list(ADMIN, 'web1');

/** Ends a task as its workflow would; returns what began after it. */
async function finish(task: Pick<Task, 'id'>, error: string | null = null): Promise<readonly TaskRow[]> {
  const next: TaskRow[] = [];
  const state = error === null ? 'SUCCESS' : 'FAILURE';
  await controlActivities(c.store, { start: (one) => void next.push(one) }).finishTask(task.id, {
    state,
    status: 'over',
    error,
  });
  return next;
}

describe('a snapshot', () => {
  it('is listed as pending, its task begun at once, and ready when that has ended', async () => {
    const { snapshot: asked, task } = await snapshot('clean');
    expect(asked).toMatchObject({ name: 'clean', state: 'pending', readyAt: null, failedReason: null });
    expect(asked.id).toMatch(/^[a-z][a-z0-9]{31}$/);
    expect(task).toMatchObject({ kind: 'vm.snapshot', target: 'web1', runOn: 'hv1', state: 'PENDING' });
    expect(await snapshots()).toEqual([asked]);
    await c.settled();
    const started = c.jobs.started.at(-1);
    expect(started).toMatchObject({ id: task.id, kind: 'vm.snapshot' });
    expect(started?.input).toEqual({
      ...{ task: task.id, vm: asked.vm, name: 'web1', node: 'hv1', snapshot: asked.id, added: [] },
    });
    await finish(task);
    expect(await snapshots()).toMatchObject([{ id: asked.id, state: 'ready', readyAt: expect.any(Number) }]);
    expect(await row()).toMatchObject({ state: 'running', changing: null });
  });

  it('that could not be made says why, and can be removed', async () => {
    const { snapshot: asked, task } = await snapshot();
    await finish(task, 'no room');
    expect(await snapshots()).toMatchObject([{ state: 'failed', failedReason: 'no room' }]);
    await expect(c.services.snapshots.revert(ADMIN, 'web1', asked.id)).rejects.toThrow(`No snapshot '${asked.id}'.`);
    const removal = await c.services.snapshots.remove(ADMIN, 'web1', asked.id);
    expect(await snapshots()).toMatchObject([{ state: 'removing' }]);
    await finish(removal);
    expect(await snapshots()).toEqual([]);
  });

  it('is known by its id or its name, and to be taken back to when it is ready', async () => {
    const { snapshot: asked, task } = await snapshot('clean');
    await expect(c.services.snapshots.revert(ADMIN, 'web1', 'clean')).rejects.toMatchObject({
      fault: { kind: 'not-found', what: 'snapshot', ref: 'clean' },
    });
    await finish(task);
    for (const ref of ['clean', asked.id]) {
      const revert = await c.services.snapshots.revert(ADMIN, 'web1', ref);
      expect((await findTask(c.store.read, revert.id))?.input).toMatchObject({ snapshot: asked.id });
      await finish(revert);
    }
    await expect(c.services.snapshots.revert(ADMIN, 'web1', 'other')).rejects.toThrow("No snapshot 'other'.");
    await expect(c.services.snapshots.remove(ADMIN, 'web1', 'other')).rejects.toThrow("No snapshot 'other'.");
  });

  it('has a name that no other of the VM has, made of what names are made of', async () => {
    await snapshot('clean');
    await expect(snapshot('clean')).rejects.toMatchObject({ fault: { kind: 'exists' } });
    for (const bad of ['', 'a b', 'x'.repeat(65), 'ü'])
      await expect(snapshot(bad)).rejects.toMatchObject({ fault: { kind: 'invalid', field: 'name' } });
    expect(await snapshots()).toHaveLength(1);
  });

  it('whose removal failed says so, and is not gone back to', async () => {
    const { task } = await snapshot('clean');
    await finish(task);
    await finish(await c.services.snapshots.remove(ADMIN, 'web1', 'clean'), 'struck');
    expect(await snapshots()).toMatchObject([{ state: 'failed', failedReason: 'struck' }]);
    await expect(c.services.snapshots.revert(ADMIN, 'web1', 'clean')).rejects.toThrow('No snapshot');
    await finish(await c.services.snapshots.remove(ADMIN, 'web1', 'clean'));
    expect(await snapshots()).toEqual([]);
  });

  it('is refused where a disk cannot keep it, which is named', async () => {
    await c.profile({ name: 'raw', script: SCRIPT });
    await c.services.provisioner.create(ADMIN, request({ name: 'raw1', profile: 'raw' }));
    const { id } = (await findVmByName(c.store.read, 'raw1'))!;
    await c.store.write((tx) => updateVm(tx, id, { state: 'running', changing: null, defined: true }));
    await expect(c.services.snapshots.create(ADMIN, 'raw1')).rejects.toMatchObject({
      fault: { kind: 'conflict', why: expect.stringContaining('sda (vms/raw1_sda)') },
    });
    expect(await c.services.snapshots.list(ADMIN, 'raw1')).toEqual([]);
  });

  it('is for those who may act, of VMs that they see', async () => {
    const viewer = { ...ADMIN, role: 'viewer' } as const;
    const other = { ...ADMIN, account: 'o', tenant: 'other', role: 'user' } as const;
    await expect(c.services.snapshots.create(viewer, 'web1')).rejects.toMatchObject({ fault: { kind: 'forbidden' } });
    await expect(c.services.disks.attach(viewer, 'web1', mib(1))).rejects.toMatchObject({
      fault: { kind: 'forbidden' },
    });
    for (const work of [
      () => c.services.snapshots.create(other, 'web1'),
      () => c.services.snapshots.list(other, 'web1'),
      () => c.services.snapshots.revert(other, 'web1', 'x'),
      () => c.services.snapshots.remove(other, 'web1', 'x'),
      () => c.services.disks.attach(other, 'web1', mib(1)),
      () => c.services.disks.added(other, 'web1'),
    ])
      await expect(work()).rejects.toMatchObject({ fault: { kind: 'not-found', what: 'VM' } });
  });
});

describe('a disk', () => {
  it('is reserved when its turn comes, with the next name that is free', async () => {
    const kept = { fill: { kind: 'blank' }, filesystem: null, filesystemArgs: [], mountpoint: null } as const;
    const old = { volume: 'web1_sdc-0' as never, name: 'web1_sdc', pool: 'vms', diskId: 'sdc', size: mib(1), ...kept };
    const nobody = { vm: null as never, tenant: 'default', node: 'hv1' as never };
    await c.store.write((tx) => insertVolumes(tx, [old], nobody));
    const [one, two] = [await disk(3), await disk(5)];
    const { disk: planned } = (await findTask(c.store.read, one.id))!.input as AttachDisk;
    expect(planned).toMatchObject({ diskId: 'sdd', pool: 'vms', size: 3072, name: 'web1_sdd', filesystem: null });
    expect(planned.fill).toEqual({ kind: 'blank', snapshots: true });
    expect(await c.services.disks.added(ADMIN, 'web1')).toMatchObject([{ diskId: 'sdd' }]);
    await finish(one);
    await finish(two);
    expect(await c.services.disks.added(ADMIN, 'web1')).toMatchObject([{ size: 3072 }, { diskId: 'sde', size: 5120 }]);
    expect((await c.services.vms.get(ADMIN, 'web1')).disks).toHaveLength(4);
  });

  it('is refused when it is too large for anything, or for the pool as it is now', async () => {
    await expect(disk(2049)).rejects.toMatchObject({ fault: { kind: 'invalid', field: 'size' } });
    await c.node('hv1', { pools: [{ name: 'vms', total: 20_000, free: 10_000 }] });
    await expect(disk(10)).rejects.toMatchObject({ fault: { kind: 'no-capacity' } });
    expect(await states(await disk(9))).toEqual(['begun']);
  });
});

describe('what is asked of a VM', () => {
  it('is done in the order of asking, each begun by the end of the one before', async () => {
    const asked = [(await snapshot('a')).task, await disk(), (await snapshot('b')).task, await disk()];
    expect(await states(...asked)).toEqual(['begun', 'PENDING', 'PENDING', 'PENDING']);
    expect((await taskOf(asked[1]!)).status).toContain('Waits');
    for (const [index, task] of asked.entries()) {
      const rest = asked.slice(index + 1);
      expect((await finish(task)).map(({ id }) => id)).toEqual(rest.slice(0, 1).map(({ id }) => id));
      expect(await finish(task)).toEqual([]);
      expect(await states(...rest)).toEqual(rest.map((_, place) => (place === 0 ? 'begun' : 'PENDING')));
    }
    expect((await row()).changing).toBeNull();
  });

  it('waits for a change, and fails with the reason if the VM is not fit for it then; what is behind goes on', async () => {
    const stop = await c.services.vms.act(ADMIN, 'web1', 'stop');
    const [first, second] = [await snapshot('a'), await disk()];
    expect(await states(first.task, second)).toEqual(['PENDING', 'PENDING']);
    await controlActivities(c.store).recordVm((await row()).id, 'stopped', null, stop?.id);
    expect((await finish(stop!)).map(({ id }) => id)).toEqual([second.id]);
    expect(await taskOf(first.task)).toMatchObject({ state: 'FAILURE', error: expect.stringContaining('is stopped') });
    expect(await snapshots()).toMatchObject([{ state: 'failed', failedReason: expect.stringContaining('is stopped') }]);
  });

  it('is refused at once if nothing will make the VM fit for it', async () => {
    await be('stopped');
    await expect(snapshot()).rejects.toMatchObject({ fault: { kind: 'conflict' } });
    await be('deleting', { changing: 'x' as TaskId });
    await expect(snapshot()).rejects.toThrow('is being deleted');
    await be('running', { defined: false });
    await expect(snapshot()).rejects.toThrow('has no domain');
    expect(await snapshots()).toEqual([]);
  });

  it('cannot be taken back to what was removed before its turn', async () => {
    await finish((await snapshot('a')).task);
    await disk();
    const removal = await c.services.snapshots.remove(ADMIN, 'web1', 'a');
    await expect(c.services.snapshots.revert(ADMIN, 'web1', 'a')).rejects.toThrow("No snapshot 'a'.");
    await expect(c.services.snapshots.remove(ADMIN, 'web1', 'a')).rejects.toMatchObject({
      fault: { kind: 'conflict' },
    });
    expect(await states(removal)).toEqual(['PENDING']);
  });

  it('is dropped with the reason when the VM is deleted', async () => {
    const restart = await c.services.vms.act(ADMIN, 'web1', 'restart');
    const asked = [(await snapshot()).task, await disk()];
    await controlActivities(c.store).recordVm((await row()).id, 'running', null, restart?.id);
    const removal = await c.services.vms.remove(ADMIN, 'web1', true);
    for (const task of asked)
      expect(await taskOf(task)).toMatchObject({ state: 'FAILURE', error: expect.stringContaining(removal.id) });
    expect(await finish(restart!)).toEqual([]);
    await controlActivities(c.store).forgetVm((await row()).id, false);
    expect(await finish(removal)).toEqual([]);
  });

  it('is cancelled while it waits, without a trace', async () => {
    const first = await disk();
    const { task } = await snapshot();
    const last = await disk();
    expect(await c.services.tasks.cancel(ADMIN, task.id)).toMatchObject({ state: 'REVOKED', error: null });
    expect(await snapshots()).toEqual([]);
    expect((await finish(first)).map(({ id }) => id)).toEqual([last.id]);
  });

  it('begins after a task that is lost, or fails because of what that left', async () => {
    const { task: lost } = await snapshot('a');
    const behind = [(await snapshot('b')).task, await disk()];
    const removal = await c.services.snapshots.remove(ADMIN, 'web1', 'a');
    await c.settled();
    c.jobs.fates.set(lost.id, 'terminated');
    expect(await settleLost(c.store, c.jobs, -1)).toBe(1);
    await c.settled();
    expect((await row()).state).toBe('failed');
    for (const task of behind)
      expect(await taskOf(task)).toMatchObject({ state: 'FAILURE', error: expect.stringContaining('is failed') });
    expect(await states(removal)).toEqual(['begun']);
    expect(c.jobs.started.at(-1)).toMatchObject({ id: removal.id, kind: 'vm.snapshot-remove' });
    await finish(removal);
    expect(await snapshots()).toMatchObject([{ name: 'b', state: 'failed' }]);
  });

  it('is left alone by the sweeper while it waits, and begun by it if nobody else did', async () => {
    const restart = await c.services.vms.act(ADMIN, 'web1', 'restart');
    const waiting = await disk();
    await c.settled();
    c.jobs.started.length = 0;
    await sweep(c.store, c.jobs, { graceMs: -1 });
    expect(c.jobs.started.map(({ id }) => id)).not.toContain(waiting.id);
    await controlActivities(c.store).recordVm((await row()).id, 'running', null, restart?.id);
    await sweep(c.store, c.jobs, { graceMs: -1 });
    expect(c.jobs.started.at(-1)).toMatchObject({ id: waiting.id, kind: 'vm.attach-disk' });
    expect(await states(waiting)).toEqual(['begun']);
  });

  it('holds up neither other VMs nor accepted tasks where it cannot be begun', async () => {
    const missed: Task[] = [];
    for (const name of ['web2', 'web3']) {
      await c.services.provisioner.create(ADMIN, request({ name }));
      const { id } = (await findVmByName(c.store.read, name))!;
      // As if something were changing it, and whoever ended that had died.
      await c.store.write((tx) => updateVm(tx, id, { state: 'running', changing: 'x' as TaskId, defined: true }));
      missed.push(await c.services.disks.attach(ADMIN, name, gibToMib(1)));
      await c.store.write((tx) => updateVm(tx, id, { changing: null }));
    }
    c.jobs.down = true;
    const accepted = await c.services.vms.act(ADMIN, 'web1', 'restart');
    await c.settled();
    c.jobs.down = false;
    const broken = "BEFORE UPDATE ON vms WHEN NEW.name = 'web2' BEGIN SELECT RAISE(ABORT, 'broken row'); END";
    await c.store.write(async (tx) => void (await tx.run(sql.raw(`CREATE TRIGGER broken ${broken}`))));
    const said: object[] = [];
    const log = { warn: (fields: object) => void said.push(fields) };
    expect(await sweep(c.store, c.jobs, { graceMs: -1, log })).toMatchObject({ failed: 1 });
    const started = c.jobs.started.map(({ id }) => id);
    expect(started).toContain(accepted?.id);
    expect(started).toContain(missed[1]?.id);
    expect(started).not.toContain(missed[0]?.id);
    expect(said).toEqual([{ reason: expect.stringContaining('broken row') }]);
  });
});
