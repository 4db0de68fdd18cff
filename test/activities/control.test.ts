import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ControlActivities, controlActivities } from '../../activities/control.ts';
import type { BaseKey, NodeName, TaskId } from '../../domain/ids.ts';
import type { CreateVm } from '../../domain/plan.ts';
import { findBaseImage } from '../../store/base-image.ts';
import { findEntryOfVm, insertEntry } from '../../store/pool-entry.ts';
import { findTask, updateTask } from '../../store/task.ts';
import { findVm } from '../../store/vm.ts';
import { volumesOf } from '../../store/volume.ts';
import { ADMIN, BUILDING, type Cluster, cluster, inputOf, request, rowsOf } from '../api/core/cluster.ts';
import { seedPool } from '../pool-rows.ts';

let c: Cluster;
let control: ControlActivities;
let cmd: CreateVm;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.profile({ script: BUILDING });
  cmd = await inputOf(c.store, (await c.services.provisioner.create(ADMIN, request())).id);
  await c.settled();
  control = controlActivities(c.store);
});
afterEach(() => c.close());

const taskOf = (id: TaskId) => findTask(c.store.read, id);
const FAILED = { state: 'FAILURE', status: 'Failed.', error: 'no power' } as const;
const DONE = { state: 'SUCCESS', status: 'Done.', error: null } as const;

/** Calls twice; the second call changes no row. */
async function twice(call: () => Promise<unknown>): Promise<void> {
  await call();
  const rows = rowsOf(c.file);
  await call();
  expect(rowsOf(c.file)).toBe(rows);
}

describe('a task', () => {
  it('runs from when it is begun, until its first outcome', async () => {
    await twice(() => control.beginTask(cmd.task, 7));
    expect(await taskOf(cmd.task)).toMatchObject({ state: 'RUNNING', total: 7, startedAt: expect.any(Number) });
    await twice(() => control.finishTask(cmd.task, FAILED));
    await control.finishTask(cmd.task, DONE);
    expect(await taskOf(cmd.task)).toMatchObject({ ...FAILED, finishedAt: expect.any(Number) });
    await expect(control.beginTask(cmd.task, 7)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
  });

  it('ends at its last step when it succeeds, and frees what it changed', async () => {
    await control.beginTask(cmd.task, 7);
    await control.finishTask(cmd.task, DONE);
    expect(await taskOf(cmd.task)).toMatchObject({ current: 7, total: 7, state: 'SUCCESS' });
    expect((await findVm(c.store.read, cmd.vm))?.changing).toBeNull();
  });

  it('is known', async () => {
    await expect(control.beginTask('nope' as TaskId, 1)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
  });
});

it('tells a pool when the clone of its VM is over, and its place free, though its guest still boots', async () => {
  const told: string[] = [];
  const telling = controlActivities(c.store, { wakePool: (pool) => told.push(pool) });
  await telling.recordDefined(cmd.vm, '<domain/>');
  expect(told).toEqual([]);
  await c.store.write(async (tx) => {
    await seedPool(tx, { name: 'ci' });
    await insertEntry(tx, {
      ...{ number: 1, task: cmd.task, vm: cmd.vm, name: 'web1', pool: 'ci', request: null, startedAt: 0 },
    });
  });
  await telling.recordDefined(cmd.vm, '<domain/>');
  expect(told).toEqual(['ci']);
  expect(await findEntryOfVm(c.store.read, cmd.vm)).toMatchObject({ clonedAt: expect.any(Number) });
});

describe('a reservation', () => {
  it.each<[string, Partial<CreateVm>, string?]>([
    ['a task that is not there', { task: 'x' as TaskId }, 'not-found'],
    ['another name', { name: 'web2' }],
    ['another node', { node: 'hv2' as NodeName }],
    ['a VM that is gone', { vm: 'x' as CreateVm['vm'] }],
  ])('is not held for %s', async (_, change, kind = 'conflict') => {
    await control.beginCreation(cmd, 7);
    await expect(control.beginCreation({ ...cmd, ...change }, 7)).rejects.toMatchObject({ fault: { kind } });
  });

  it('is not held for another task, which does not begin then', async () => {
    const { id } = await c.services.provisioner.create(ADMIN, request({ name: 'web2' }));
    await expect(control.beginCreation({ ...cmd, task: id }, 7)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
    expect(await taskOf(id)).toMatchObject({ state: 'PENDING' });
  });

  it('is not held with another address or disk', async () => {
    const [nic, disk] = [cmd.nics[0]!, cmd.disks[0]!];
    const nics = [{ ...nic, ip: '10.1.0.13' }];
    await expect(control.beginCreation({ ...cmd, nics }, 7)).rejects.toThrow('not reserved');
    const disks = [{ ...disk, volume: 'other' as typeof disk.volume }];
    await expect(control.beginCreation({ ...cmd, disks }, 7)).rejects.toThrow('not reserved');
  });

  it('is cancelled, also when it was given back and is asked for again', async () => {
    await c.store.write((tx) => updateTask(tx, cmd.task, { cancelRequested: true }));
    const cancelled = { fault: { kind: 'cancelled' } };
    await expect(control.beginCreation(cmd, 7)).rejects.toMatchObject(cancelled);
    await control.release(cmd.vm);
    await expect(control.beginCreation(cmd, 7)).rejects.toMatchObject(cancelled);
  });

  it('is given back whole, once', async () => {
    await twice(() => control.release(cmd.vm));
    expect(await findVm(c.store.read, cmd.vm)).toBeUndefined();
    expect(await volumesOf(c.store.read, [cmd.vm])).toEqual([]);
    await c.services.provisioner.create(ADMIN, request());
  });
});

describe('a VM', () => {
  it('is what was recorded, and free', async () => {
    await twice(() => control.recordDefined(cmd.vm, '<domain/>'));
    const made = { vm: cmd.vm, state: 'running', xml: '<domain id="1"/>' } as const;
    await twice(() => control.finishTask(cmd.task, { ...DONE, made }));
    expect(await findVm(c.store.read, cmd.vm)).toMatchObject({
      ...{ state: 'running', defined: true, xml: '<domain id="1"/>', changing: null },
    });
  });

  it('is not overwritten by a late repeat of an older task', async () => {
    await control.recordVm(cmd.vm, 'running', null, cmd.task);
    const stop = await c.services.vms.act(ADMIN, 'web1', 'stop');
    await control.recordVm(cmd.vm, 'failed', 'late', cmd.task);
    expect(await findVm(c.store.read, cmd.vm)).toMatchObject({ state: 'stopping', changing: stop?.id });
  });

  it('leaves its volumes to nobody when they are kept', async () => {
    await twice(() => control.forgetVm(cmd.vm, true));
    const { volumes } = await import('../../store/schema/volume.ts');
    expect(await c.store.read.select({ vm: volumes.vm, name: volumes.name }).from(volumes)).toEqual([
      { vm: null, name: 'web1_sda' },
      { vm: null, name: 'web1_sdb' },
    ]);
  });
});

describe('a base image', () => {
  const HV1 = 'hv1' as NodeName;
  const base = (): BaseKey => cmd.base as BaseKey;
  const claim = (waiter: string) => control.claimBase(base(), HV1, waiter);

  it('is built by the first who asks; the others wait for the same build', async () => {
    const first = await claim('task:1');
    expect(first).toEqual({ is: 'build', build: expect.any(String) });
    if (first.is === 'ready') throw new Error('ready');
    expect(await claim('task:1')).toEqual(first);
    expect(await claim('task:2')).toEqual({ is: 'wait', build: first.build });
    expect(await control.claimBase(base(), 'hv2' as NodeName, 'task:3')).toMatchObject({ is: 'build' });
    expect((await taskOf(first.build))?.input).toMatchObject({ task: first.build, base: base(), node: 'hv1' });
    expect(await control.settleBase(base(), HV1, null)).toEqual(['task:1', 'task:2']);
    // Told again, it tells the same ones.
    expect(await control.settleBase(base(), HV1, null)).toEqual(['task:1', 'task:2']);
    expect(await claim('task:1')).toEqual({ is: 'ready' });
    expect(await claim('task:2')).toEqual({ is: 'ready' });
    expect(await control.settleBase(base(), HV1, null)).toEqual([]);
  });

  it('is claimed by a creation that begins and finds it ready', async () => {
    await claim('task:1');
    expect(await control.beginCreation(cmd, 7)).toBe('go');
    await control.settleBase(base(), HV1, null);
    const before = await findBaseImage(c.store.read, base(), HV1);
    vi.useFakeTimers({ now: Date.now() + 1_000, toFake: ['Date'] });
    try {
      expect(await control.beginCreation(cmd, 7)).toBe('clone');
    } finally {
      vi.useRealTimers();
    }
    expect((await findBaseImage(c.store.read, base(), HV1))?.usedAt).toBeGreaterThan(before?.usedAt ?? 0);
  });

  it('is forgotten when its build fails, and built by whoever asks next', async () => {
    const first = await claim('task:1');
    await control.settleBase(base(), HV1, 'no space');
    expect(await findBaseImage(c.store.read, base(), HV1)).toBeUndefined();
    const again = await claim('task:1');
    expect(again.is).toBe('build');
    expect(again).not.toEqual(first);
  });

  it('is not settled by an earlier build, whose end is told late', async () => {
    const first = await claim('task:1');
    await control.settleBase(base(), HV1, 'no space');
    const second = await claim('task:2');
    if (first.is === 'ready' || second.is === 'ready') return expect.unreachable();
    for (const failure of ['no space', null])
      expect(await control.settleBase(base(), HV1, failure, first.build)).toEqual([]);
    expect(await findBaseImage(c.store.read, base(), HV1)).toMatchObject({ state: 'building', build: second.build });
  });

  it('names the build to be cancelled only to the last who leaves', async () => {
    const first = await claim('task:1');
    await claim('task:2');
    expect(await control.leaveBase(base(), HV1, 'task:1')).toBeNull();
    const build = await control.leaveBase(base(), HV1, 'task:2');
    expect(build).toBe(first.is !== 'ready' && first.build);
    await control.settleBase(base(), HV1, null);
    expect(await control.leaveBase(base(), HV1, 'task:2')).toBeNull();
  });

  it('forgets a waiter whose task has ended', async () => {
    await claim(`task:${cmd.task}`);
    await control.finishTask(cmd.task, FAILED);
    expect(await control.settleBase(base(), HV1, null)).toEqual([]);
  });

  it('needs a recipe', async () => {
    const unknown = control.claimBase('f'.repeat(64) as BaseKey, HV1, 'task:1');
    await expect(unknown).rejects.toMatchObject({ fault: { kind: 'not-found' } });
  });
});
