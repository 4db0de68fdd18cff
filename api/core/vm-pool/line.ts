import { byName, giveAll, shortfall, type Want } from '../../../domain/checkout.ts';
import { poolShares } from '../../../domain/pool-share.ts';
import { isTroubled, type VmPool } from '../../../domain/vm-pool.ts';
import type { Db, Store } from '../../../store/open.ts';
import { takeable } from '../../../store/pool-entry.ts';
import { listWaits, type WaitRow } from '../../../store/pool-wait.ts';
import { listPools } from '../../../store/vm-pool.ts';

/** A checkout that waits, by the pools as they are now. */
export interface Waiter extends Pick<WaitRow, 'number' | 'aliveUntil'> {
  /** What it keeps from those who come later: all that it asks for, or nothing while it lacks VMs of pools that are in trouble. */
  readonly claims: readonly Want[];
  /** Whether its pools could not meet it if they were full. */
  readonly hopeless: boolean;
}

/** Those who wait, first come first; only those who came before this number, if it is given. */
export async function readLine(db: Db, now: number, before = Number.POSITIVE_INFINITY): Promise<readonly Waiter[]> {
  const rows = (await listWaits(db, now)).filter(({ number }) => number < before);
  if (rows.length === 0) return [];
  const pools = await listPools(db);
  const [sizes, mayClaim] = [sizesOf(pools), await claiming(db, pools)];
  return rows.map(({ number, aliveUntil, asked }) => {
    const wants = wantsOf(asked, pools);
    const hopeless = shortfall(wants, sizes).length > 0;
    return { number, aliveUntil, claims: !hopeless && mayClaim(wants) ? wants : [], hopeless };
  });
}

/** Whether one who waits lacks nothing of pools in trouble; to be asked in the order of the line. */
async function claiming(db: Db, pools: readonly VmPool[]): Promise<(wants: readonly Want[]) => boolean> {
  const troubled = new Map<string, number>();
  for (const { name, size } of pools.filter(isTroubled)) troubled.set(name, (await takeable(db, name, size)).length);
  const most = new Map([...sizesOf(pools), ...troubled]);
  // The others are filled again for one after the other; what one has claimed of these is not there for the next.
  const shares = poolShares(new Map([...pools.map(({ name }) => [name, MANY] as const), ...troubled]));
  return (wants) => {
    if (!wants.some((want) => want.pools.some((pool) => troubled.has(pool)))) return true;
    if (shortfall(wants, most).length > 0) return false;
    if (giveAll(wants, shares).length === 0) return true;
    for (const want of wants) shares.takeBack(want);
    return false;
  };
}

/** More than anybody asks for. */
const MANY = 2 ** 40;

/** What pools have when they are full. */
export const sizesOf = (pools: readonly VmPool[]): ReadonlyMap<string, number> =>
  new Map(pools.map(({ name, size }) => [name, size]));

const wantsOf = (asked: WaitRow['asked'], pools: readonly VmPool[]): readonly Want[] =>
  Object.entries(asked).map(([name, count]) => {
    const named = pools.filter((pool) => pool.name === name || pool.aliases.includes(name)).map((pool) => pool.name);
    return { name, count, pools: named, weights: [] };
  });

export type Ready = Awaited<ReturnType<typeof takeable>>[number];

/** VMs that may be taken of every pool that these ask for, not more than they want of it. */
export async function readyFor(db: Db, wants: readonly Want[]): Promise<ReadonlyMap<string, readonly Ready[]>> {
  const most = new Map<string, number>();
  for (const { pools, count } of wants) for (const pool of pools) most.set(pool, (most.get(pool) ?? 0) + count);
  const ready = new Map<string, readonly Ready[]>();
  for (const [pool, count] of most) ready.set(pool, await takeable(db, pool, count));
  return ready;
}

export const numbersOf = (ready: ReadonlyMap<string, readonly Ready[]>): ReadonlyMap<string, number> =>
  new Map([...ready].map(([pool, { length }]) => [pool, length]));

/** Numbers of those who are to try: all that they ask for is ready beside what those before them claim, or never will be. */
export async function callable(db: Db, now: number): Promise<readonly number[]> {
  const line = await readLine(db, now);
  const takers = new Map(byName(line.flatMap(({ claims }) => claims)).map((want) => [want.name, want]));
  const shares = poolShares(numbersOf(await readyFor(db, [...takers.values()])));
  const missing = ({ name, pools, count }: Want): number => shares.give(takers.get(name) ?? { pools }, count);
  // All of them: what one cannot have yet is kept for it all the same.
  const isMet = (claims: readonly Want[]): boolean => claims.map(missing).every((count) => count === 0);
  return line
    .filter(({ claims, hopeless }) => hopeless || (isMet(claims) && claims.length > 0))
    .map(({ number }) => number);
}

/** Resolves once each of these who wait is there, or gone, or has not shown for too long that it is there; also when aborted. */
export async function untilKnown(
  { read, changes }: Pick<Store, 'read' | 'changes'>,
  numbers: readonly number[],
  isThere: (waiter: Pick<Waiter, 'number' | 'aliveUntil'>) => boolean,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const [seen, now] = [changes.seen(), Date.now()];
    const doubted = (await listWaits(read, now)).filter((wait) => numbers.includes(wait.number) && !isThere(wait));
    if (doubted.length === 0) return;
    const over = Math.min(...doubted.map(({ aliveUntil }) => aliveUntil));
    await changes.after(seen, AbortSignal.any([signal, AbortSignal.timeout(over - now)]));
  }
}
