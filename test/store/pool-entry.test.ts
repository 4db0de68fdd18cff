import { afterEach, beforeEach, expect, it } from 'vitest';
import { ENTRY_MOVES, ENTRY_STATES } from '../../domain/vm-pool.ts';
import type { Store } from '../../store/open.ts';
import { listDays } from '../../store/pool-day.ts';
import { markCloned, nextNumber, updateEntry } from '../../store/pool-entry.ts';
import { poolEntries } from '../../store/schema/vm-pool.ts';
import { seedEntries, seedPool } from '../pool-rows.ts';
import { scratch } from './scratch.ts';

let files: ReturnType<typeof scratch>;
let store: Store;
beforeEach(async () => {
  files = scratch();
  store = files.open();
  await store.write((tx) => seedPool(tx, { name: 'a' }));
});
afterEach(() => files.close());

const only = async () => (await store.read.select().from(poolEntries).get()) ?? expect.unreachable();

const CASES = ENTRY_STATES.flatMap((from) => ENTRY_STATES.map((to) => [from, to] as const));

it.each(CASES)('%s to %s', async (from, to) => {
  await store.write((tx) => seedEntries(tx, 'a', from, 1));
  const { vm, name } = await only();
  const moved = store.write((tx) => updateEntry(tx, vm, { state: to })).then(() => 'moved', String);
  const allowed = from === to || ENTRY_MOVES[from].includes(to);
  expect(await moved).toBe(allowed ? 'moved' : `Error: bug: ${name} is ${from}, not to be ${to}`);
  expect((await only()).state).toBe(allowed ? to : from);
});

it('was cloned when that was said first, and counts once', async () => {
  const at = Date.now();
  await store.write((tx) => seedEntries(tx, 'a', 'pending', 1, { startedAt: at - 3_000 }));
  const { vm } = await only();
  for (const now of [at, at + 1_000]) await store.write((tx) => markCloned(tx, vm, now));
  expect((await only()).clonedAt).toBe(at);
  const days = await listDays(store.read, '2000-01-01', '2999-12-31');
  expect(days).toMatchObject([{ kind: 'clone', pool: 'a', count: 1, total: 3 }]);
});

it('has numbers one after the other, which begin elsewhere in each store', async () => {
  const other = scratch();
  const [first, elsewhere] = [await store.write(nextNumber), await other.open().write(nextNumber)];
  await other.close();
  expect(first).not.toBe(elsewhere);
  await store.write((tx) => seedEntries(tx, 'a', 'ready', 2));
  const { number } = await only();
  expect(await store.write(nextNumber)).toBe(number + 2);
});
