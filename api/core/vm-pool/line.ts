import { allocate, claimsOf, type Want } from '../../../domain/checkout.ts';
import type { VmPool } from '../../../domain/vm-pool.ts';
import type { Db, Store } from '../../../store/open.ts';
import { takeable } from '../../../store/pool-entry.ts';
import { listWaits, type WaitRow } from '../../../store/pool-wait.ts';
import { listPools } from '../../../store/vm-pool.ts';

/** A checkout that waits, by the pools as they are now. */
export interface Waiter extends Pick<WaitRow, 'number' | 'aliveUntil'> {
  /** VMs that it keeps for itself, by pool; none while pools that were given up keep it from being met. */
  readonly claims: ReadonlyMap<string, number>;
  /** Whether its pools could not meet it if they were full. */
  readonly hopeless: boolean;
}

/** Those who wait, first come first; only those who came before this number, if it is given. */
export async function readLine(db: Db, now: number, before = Number.POSITIVE_INFINITY): Promise<readonly Waiter[]> {
  const rows = (await listWaits(db, now)).filter(({ number }) => number < before);
  if (rows.length === 0) return [];
  const pools = await listPools(db);
  const [sizes, most] = [sizesOf(pools), new Map<string, number>()];
  for (const { name, size, halted } of pools) most.set(name, halted ? (await takeable(db, name, size)).length : size);
  return rows.map(({ number, aliveUntil, asked }) => {
    const wants = wantsOf(asked, pools);
    return { number, aliveUntil, claims: claimsOf(wants, most), hopeless: 'short' in allocate(wants, sizes) };
  });
}

/** What pools have when they are full. */
export const sizesOf = (pools: readonly VmPool[]): ReadonlyMap<string, number> =>
  new Map(pools.map(({ name, size }) => [name, size]));

const wantsOf = (asked: WaitRow['asked'], pools: readonly VmPool[]): readonly Want[] =>
  Object.entries(asked).map(([name, count]) => ({
    ...{ name, count },
    pools: pools.filter((pool) => pool.name === name || pool.aliases.includes(name)).map((pool) => pool.name),
  }));

/** What these keep for themselves together, by pool. */
export function allClaims(waiters: readonly Pick<Waiter, 'claims'>[]): ReadonlyMap<string, number> {
  const all = new Map<string, number>();
  for (const { claims } of waiters) for (const [pool, count] of claims) all.set(pool, (all.get(pool) ?? 0) + count);
  return all;
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
