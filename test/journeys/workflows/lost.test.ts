import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { currentAttempt } from '../../../activities/attempt.ts';
import { askDisk } from '../../../api/core/disk.ts';
import { askSnapshot } from '../../../api/core/snapshot.ts';
import type { Change } from '../../../api/core/vm-change.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { CreateVm } from '../../../domain/plan.ts';
import { SYSTEM } from '../../../domain/principal.ts';
import { workflowId } from '../../../domain/task.ts';
import { mib } from '../../../domain/units.ts';
import type { TaskRow } from '../../../store/task.ts';
import { findVm } from '../../../store/vm.ts';
import { acceptChange, acceptCreation, acceptOperation, KEEPING } from './accept.ts';
import { difference } from './snapshot.ts';
import { aborted } from './tamper.ts';
import { keepNodes, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** A task, and the node's activity whose worker is lost. */
interface Case {
  readonly task: TaskRow;
  readonly at: string;
}

/** Runs the tasks, all at once: each is cancelled at its activity, of whose worker nothing is heard any more. Returns how they ended. */
async function cancelledAndLost(cases: readonly Case[]): Promise<readonly string[]> {
  const struck = new Set<Case>();
  const ended = await world.tamper.during(
    async ({ label, workflow }, work) => {
      const found = cases.find(({ task, at }) => at === label && workflow === workflowId(task.id));
      if (!found || struck.has(found)) return work();
      struck.add(found);
      Object.assign(Context.current(), { heartbeat: () => undefined });
      const value = await work();
      await world.cancel(found.task);
      await aborted(currentAttempt().signal);
      return value;
    },
    () => Promise.all(cases.map(({ task }) => world.run(task))),
  );
  expect(struck.size).toBe(cases.length);
  return ended.map(({ kind, state, error }, index) => `${kind} ${cases[index]?.at}: ${state} ${error}`);
}

const revoked = (cases: readonly Case[]): readonly string[] =>
  cases.map(({ task, at }) => `${task.kind} ${at}: REVOKED null`);

const make = async (): Promise<VmId> => {
  const task = await world.run(acceptCreation(world.store, { wait: 'nothing' }, KEEPING));
  expect(task).toMatchObject({ state: 'SUCCESS', error: null });
  return (task.input as CreateVm).vm;
};
const change = (vm: VmId, action: Change) => acceptChange(world.store, vm, action);
const snapshot = (vm: VmId) => acceptOperation(world.store, vm, (tx, row) => askSnapshot(tx, row, SYSTEM, null));
const attach = (vm: VmId) => acceptOperation(world.store, vm, (tx, row) => askDisk(tx, row, SYSTEM, mib(512)));

it('REVOKES a creation that was cancelled and undone, whichever step lost its worker, and leaves nothing of it', async () => {
  const calls = ['ensureVolume:sda', 'ensureVolume:sdb', 'formatVolume:sda', 'install', 'ensureNics', 'writeSeed'];
  await keepNodes(world, 20);
  const before = world.snapshot();
  const cases: Case[] = [];
  for (const at of [...calls, 'defineDomain', 'startDomain', 'awaitGuest'])
    cases.push({ task: await acceptCreation(world.store, {}), at });
  expect(await cancelledAndLost(cases)).toEqual(revoked(cases));
  expect(difference(before, world.snapshot())).toEqual([]);
});

it('REVOKES a change that was cancelled and undone, whichever step lost its worker, and leaves the VM as it was', async () => {
  await keepNodes(world);
  const asked: readonly (readonly [string, (vm: VmId) => Promise<TaskRow>, Change?])[] = [
    ['ensureNics', (vm) => change(vm, 'start'), 'stop'],
    ['startDomain', (vm) => change(vm, 'start'), 'stop'],
    ['shutdownDomain', (vm) => change(vm, 'shutdown')],
    ['shutdownDomain', (vm) => change(vm, 'restart')],
    ['ensureNics', (vm) => change(vm, 'restart')],
    ['startDomain', (vm) => change(vm, 'restart')],
    ['ensureSnapshot', snapshot],
    ['ensureVolume:sdc', attach],
    ['attachDisk', attach],
  ];
  const cases: (Case & { readonly vm: VmId; readonly state: string })[] = [];
  for (const [at, accept, prepare] of asked) {
    const vm = await make();
    if (prepare) expect((await world.run(change(vm, prepare))).state).toBe('SUCCESS');
    cases.push({ vm, task: await accept(vm), at, state: prepare ? 'stopped' : 'running' });
  }
  expect(await cancelledAndLost(cases)).toEqual(revoked(cases));
  for (const { vm, state, at } of cases)
    expect(await findVm(world.store.read, vm), at).toMatchObject({ state, changing: null, failedReason: null });
});
