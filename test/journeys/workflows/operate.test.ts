import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askDisk } from '../../../api/core/disk.ts';
import { askRemoval, askRevert, askSnapshot } from '../../../api/core/snapshot.ts';
import type { Change } from '../../../api/core/vm-change.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { ChangeSnapshot, CreateVm } from '../../../domain/plan.ts';
import { SYSTEM } from '../../../domain/principal.ts';
import { workflowId } from '../../../domain/task.ts';
import { mib } from '../../../domain/units.ts';
import { findSnapshot, snapshotsOf } from '../../../store/snapshot.ts';
import type { TaskRow } from '../../../store/task.ts';
import { findVm } from '../../../store/vm.ts';
import { addedDisksOf } from '../../../store/volume.ts';
import { acceptChange, acceptCreation, acceptOperation, KEEPING } from './accept.ts';
import { eachCallUnwinds } from './each-call.ts';
import { difference } from './snapshot.ts';
import { INJECTED } from './tamper.ts';
import { keepNodes, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const make = async (): Promise<VmId> => {
  const task = await world.run(acceptCreation(world.store, { wait: 'nothing' }, KEEPING));
  expect(task).toMatchObject({ state: 'SUCCESS', error: null });
  return (task.input as CreateVm).vm;
};
const change = async (vm: VmId, action: Change) => {
  await keepNodes(world);
  expect(await world.run(acceptChange(world.store, vm, action))).toMatchObject({ state: 'SUCCESS', error: null });
};
const vmOf = (vm: VmId) => findVm(world.store.read, vm);
const snapshot = (vm: VmId) => acceptOperation(world.store, vm, (tx, row) => askSnapshot(tx, row, SYSTEM, null));
const revert = (vm: VmId, ref: string) =>
  acceptOperation(world.store, vm, (tx, row) => askRevert(tx, row, SYSTEM, ref));
const remove = (vm: VmId, ref: string) =>
  acceptOperation(world.store, vm, (tx, row) => askRemoval(tx, row, SYSTEM, ref));
const attach = (vm: VmId) => acceptOperation(world.store, vm, (tx, row) => askDisk(tx, row, SYSTEM, mib(512)));
const kept = ({ input }: TaskRow) => (input as ChangeSnapshot).snapshot;
const succeeds = async (accepted: Promise<TaskRow>): Promise<TaskRow> => {
  const task = await world.run(accepted);
  expect(task, task.kind).toMatchObject({ state: 'SUCCESS', current: task.total, error: null });
  return task;
};

describe('a VM', () => {
  it('is snapshotted, given a disk, taken back with it, and goes without a trace', async () => {
    const before = world.snapshot();
    const vm = await make();
    const first = kept(await succeeds(snapshot(vm)));
    expect(await findSnapshot(world.store.read, vm, first)).toMatchObject({ state: 'ready', failedReason: null });
    await succeeds(attach(vm));
    const second = kept(await succeeds(snapshot(vm)));
    const [disk] = await addedDisksOf(world.store.read, vm);
    expect(disk).toMatchObject({ diskId: 'sdc', size: 512 });
    expect((await vmOf(vm))?.xml).toContain(`<target dev='sdc'`);
    await succeeds(revert(vm, first));
    expect(domainFile(vm)).toContain('sdc');
    await succeeds(remove(vm, second));
    await succeeds(revert(vm, first));
    expect((await snapshotsOf(world.store.read, [vm])).map(({ id }) => id)).toEqual([first]);
    expect(await vmOf(vm)).toMatchObject({ state: 'running', changing: null });
    await change(vm, 'delete');
    expect(difference(before, world.snapshot())).toEqual([]);
  });

  it('does what is asked of it one after the other, whatever becomes of each', async () => {
    const vm = await make();
    const row = (await vmOf(vm))!;
    const asked = await world.store.write(async (tx) => {
      const tasks: TaskRow[] = [];
      for (const name of ['a', 'b', 'c']) {
        const now = { ...row, changing: tasks[0]?.id ?? null };
        tasks.push((await askSnapshot(tx, now, SYSTEM, name)).task, (await askDisk(tx, now, SYSTEM, mib(512))).task);
      }
      return tasks;
    });
    const begun: string[] = [];
    await world.tamper.during(
      async ({ label, workflow }, work) => {
        if (label === 'beginTask') begun.push(workflow);
        if (label === 'ensureSnapshot' && workflow === workflowId(asked[2]!.id))
          throw ApplicationFailure.nonRetryable(INJECTED, 'internal');
        return work();
      },
      async () => {
        await world.start(asked[0]!);
        const last = asked.at(-1)!;
        await world.until(async () => (await world.task(last)).finishedAt !== null);
      },
    );
    expect(begun).toEqual(asked.map(({ id }) => workflowId(id)));
    const states = (await snapshotsOf(world.store.read, [vm])).map(({ name, state }) => `${name} ${state}`);
    expect(states).toEqual(['a ready', 'b failed', 'c ready']);
    expect(await addedDisksOf(world.store.read, vm)).toMatchObject(['sdc', 'sdd', 'sde'].map((diskId) => ({ diskId })));
    expect(await vmOf(vm)).toMatchObject({ state: 'running', changing: null });
    await change(vm, 'delete');
  });

  it('is as before wherever its snapshot is struck', async () => {
    const vm = await make();
    await eachCallUnwinds(world, () => snapshot(vm), {
      ends: async (task) => void (await succeeds(remove(vm, kept(task)))),
      settle: async (task, line) => isRest(line) || (task.state === 'FAILURE' && /^left: row vm_snapshots/.test(line)),
      restore: async (task) => {
        expect(await vmOf(vm)).toMatchObject({ state: 'running', changing: null });
        const failed = await findSnapshot(world.store.read, vm, kept(task));
        if (task.state !== 'FAILURE') return expect(failed).toBeUndefined();
        expect(failed).toMatchObject({ state: 'failed', failedReason: expect.stringContaining(INJECTED) });
        await succeeds(remove(vm, kept(task)));
      },
    });
    await change(vm, 'delete');
  });

  it('runs from the snapshot on though it was off, or is failed with the reason, wherever its revert is struck', async () => {
    const vm = await make();
    const to = kept(await succeeds(snapshot(vm)));
    await change(vm, 'stop');
    await eachCallUnwinds(world, () => revert(vm, to), {
      deaf: true,
      ends: async () => {
        expect(await vmOf(vm)).toMatchObject({ state: 'running', changing: null });
        await change(vm, 'stop');
      },
      settle: async () => true,
      restore: async (task) => {
        if (task.state === 'SUCCESS') return;
        const row = await vmOf(vm);
        expect(row?.changing).toBe(null);
        if (row?.state === 'failed') expect(row.failedReason).toContain(INJECTED);
        if (row?.state !== 'stopped') await change(vm, 'stop');
      },
    });
    await change(vm, 'delete');
  });

  it('runs from the snapshot on, or is failed with the reason, wherever its revert is struck', async () => {
    const vm = await make();
    const to = kept(await succeeds(snapshot(vm)));
    await succeeds(attach(vm));
    await eachCallUnwinds(world, () => revert(vm, to), {
      deaf: true,
      ends: async () => expect(domainFile(vm)).toContain('sdc'),
      settle: async () => true,
      restore: async (task) => {
        if (task.state === 'SUCCESS') return;
        const row = await vmOf(vm);
        if (row?.state === 'failed') {
          expect(row.failedReason).toContain(INJECTED);
          await change(vm, 'start');
        }
        await succeeds(revert(vm, to));
      },
    });
    await change(vm, 'delete');
  });

  it('can have the removal of a snapshot again wherever that is struck', async () => {
    const vm = await make();
    await succeeds(attach(vm));
    await eachCallUnwinds(world, async () => remove(vm, kept(await succeeds(snapshot(vm)))), {
      deaf: true,
      ends: async () => expect(await snapshotsOf(world.store.read, [vm])).toEqual([]),
      settle: async (task, line) => isRest(line) || (task.state === 'FAILURE' && /^left: row vm_snapshots/.test(line)),
      restore: async (task) => {
        expect(await vmOf(vm)).toMatchObject({ state: 'running', changing: null });
        if (task.state === 'FAILURE') await succeeds(remove(vm, kept(task)));
        expect(await snapshotsOf(world.store.read, [vm])).toEqual([]);
      },
    });
    await change(vm, 'delete');
  });

  it('has nothing of a disk wherever its addition is struck', async () => {
    let vm = '' as VmId;
    const fresh = async (): Promise<TaskRow> => {
      vm = await make();
      return attach(vm);
    };
    await eachCallUnwinds(world, fresh, {
      ends: async () => {
        expect((await vmOf(vm))?.xml).toContain('sdc');
        expect(domainFile(vm)).toContain('sdc');
      },
      // The VM itself is new each time.
      settle: async (task, line) => task.state === 'SUCCESS' || !line.includes('sdc'),
      restore: async () => {
        expect(await vmOf(vm)).toMatchObject({ state: 'running', changing: null });
        await change(vm, 'delete');
      },
    });
  });
});

/** The VM's own row and domain change when something is done to it: what matters of them is looked at. */
const isRest = (line: string): boolean => /^changed: (row vms|file .*(consoles|domains))/.test(line);

const domainFile = (vm: VmId): string =>
  Object.entries(world.snapshot()).find(([key]) => key.endsWith(`/domains/${vm}.json`))?.[1] ?? '';
