import { afterAll, beforeAll, expect, it } from 'vitest';
import { leftSince, type PoolLab, poolLab } from './pool-lab.ts';
import type { Snapshot } from './snapshot.ts';
import { type Around, INJECTED_FAILURE } from './tamper.ts';
import { keepNodes, startWorld, type World } from './world.ts';

let world: World;
let lab: PoolLab;
let empty: Snapshot;

beforeAll(async () => {
  world = await startWorld();
  lab = poolLab(world);
  await lab.profile();
  empty = world.snapshot();
});
afterAll(() => world.close());

const KEEPER = /^(keepPool|wakePools|recordProbes|finishTask)$/;

/** A keeper's failure is for good: it is begun anew. A task's last words are said until they are heard. */
const failure = (label: string): Error =>
  label.startsWith('finishTask') ? new Error('struck by the test') : INJECTED_FAILURE();

/** Strikes the n-th call of a keeper and of what tells it that a VM has come or gone. */
function strikeNth(n: number, how: 'before' | 'after' | 'twice'): { around: Around; hit: () => boolean } {
  let count = 0;
  const around: Around = async (call, work) => {
    if (!KEEPER.test(call.label.replace(/#\d+$/, ''))) return work();
    count += 1;
    if (count !== n) return work();
    if (how === 'before') throw failure(call.label);
    const value = await work();
    if (how === 'twice') return work();
    if (how === 'after') throw failure(call.label);
    return value;
  };
  return { around, hit: () => count >= n };
}

/** A life of a pool: it is filled, a VM is taken and given back, it is removed. */
async function life(name: string): Promise<void> {
  await keepNodes(world);
  const settled = (state: string, count: number) => lab.holds(name, state, count, () => lab.wake(name));
  await lab.pool(name, 2);
  await settled('ready', 2);
  const [vm = ''] = await lab.take(name, 1);
  await settled('ready', 2);
  await world.services.poolVms.release('anyone', vm);
  await settled('completed', 0);
  await lab.remove(name);
  for (const state of ['pending', 'ready', 'completed'] as const) await settled(state, 0);
}

it('makes no VM too many and loses none, wherever its keeper is struck', { timeout: 600_000 }, async () => {
  const wrong: string[] = [];
  let calls = 0;
  for (const how of ['before', 'after', 'twice'] as const) {
    for (let n = 1; ; n += 1) {
      const { around, hit } = strikeNth(n, how);
      await world.tamper.during(around, () => life(`p-${how}-${n}`));
      const left = leftSince(empty, world.snapshot());
      wrong.push(...left.map((line) => `${how} call ${n}: ${line}`));
      if (!hit()) break;
      calls += 1;
    }
  }
  process.stdout.write(`a keeper was struck ${calls} times\n`);
  expect(wrong).toEqual([]);
  expect(calls).toBeGreaterThan(15);
});
