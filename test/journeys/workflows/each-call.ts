import type { TaskRow } from '../../../store/task.ts';
import { difference } from './snapshot.ts';
import { type Call, INJECTED, strike, TROUBLES, type Trouble } from './tamper.ts';
import { keepNodes, type World } from './world.ts';

interface Expected {
  /** Undoes what a task that succeeded did, so that the world is as before. */
  readonly ends: (task: TaskRow) => Promise<void>;
  /** Once begun it runs to its end: an activity never learns of a cancellation. */
  readonly deaf?: boolean;
  /** Whether a difference is what the task may leave that ended like this. */
  readonly settle?: (task: TaskRow, difference: string) => Promise<boolean>;
  /** Checks what a task left that did not succeed, and makes the next one possible. */
  readonly restore?: (task: TaskRow) => Promise<void>;
}

/**
 * Runs a task undisturbed to learn which activities it calls, then once for each of them and each trouble. Throws unless each
 * time the task ends as it should, with the reason, and everything in the world is as it was before. Returns the calls.
 */
export async function eachCallUnwinds(
  world: World,
  accept: () => Promise<TaskRow>,
  expected: Expected,
): Promise<readonly string[]> {
  const calls = await callsOf(world, await accept(), expected);
  const wrong: string[] = [];
  for (const label of calls)
    for (const trouble of TROUBLES) {
      if (trouble === 'cancel during' && expected.deaf) continue;
      const found = await struck(world, await preparing(world, accept), label, trouble, expected);
      wrong.push(...found.map((line) => `${trouble} ${label}: ${line}`));
    }
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return calls;
}

interface Prepared {
  readonly before: ReturnType<World['snapshot']>;
  readonly task: TaskRow;
}

async function preparing(world: World, accept: () => Promise<TaskRow>): Promise<Prepared> {
  await keepNodes(world);
  const before = world.snapshot();
  return { before, task: await accept() };
}

async function callsOf(world: World, task: TaskRow, { ends }: Expected): Promise<readonly string[]> {
  const from = world.tamper.calls.length;
  const row = await world.run(task);
  if (row.state !== 'SUCCESS') throw new Error(`undisturbed, it ends as ${row.state}: ${row.error}`);
  const labels = world.tamper.calls.slice(from).map((call) => call.label);
  await ends(row);
  // The outcome itself cannot be written where writing it fails.
  return [...new Set(labels)].filter((label) => label !== 'finishTask');
}

async function struck(
  world: World,
  { before, task }: Prepared,
  label: string,
  trouble: Trouble,
  { ends, deaf = false, settle, restore }: Expected,
): Promise<readonly string[]> {
  let hit: Call | undefined;
  const strikes = strike(label, trouble, () => world.cancel(task));
  const row = await world.tamper.during(
    (call, work) => {
      if (call.label === label) hit = call;
      return strikes(call, work);
    },
    () => world.run(task),
  );
  const wrong: string[] = [];
  if (!hit) wrong.push('was not called');
  // Telling the next creation is no part of this one: that may fail as it likes.
  const fails = trouble.startsWith('fail') && !label.startsWith('passTurn');
  if (fails && (row.state !== 'FAILURE' || !row.error?.includes(INJECTED)))
    wrong.push(`ended as ${row.state}: ${row.error}`);
  // With a transaction of the control plane, which may be the last, a cancellation may come too late; then the task has succeeded altogether.
  const tooLate = row.state === 'SUCCESS' && (deaf || !hit?.onNode);
  if (!fails && !tooLate && (row.state !== 'REVOKED' || row.error !== null))
    wrong.push(`ended as ${row.state}: ${row.error}`);
  if (row.state === 'SUCCESS') await ends(row);
  for (const line of difference(before, world.snapshot())) if (!(await settle?.(row, line))) wrong.push(line);
  await restore?.(row);
  return wrong;
}
