import { type Borrower, isKnown } from '../../../domain/borrower.ts';
import { type Allocation, allocate, inOrder, type Want } from '../../../domain/checkout.ts';
import { invalid, notFound } from '../../../domain/fault.ts';
import type { VmId } from '../../../domain/ids.ts';
import { HOUR_MS, lifetimeOf, type PoolSettings } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { markCheckedOut, takeable } from '../../../store/pool-entry.ts';
import { poolLifetime, poolSettings, poolsNamed } from '../../../store/vm-pool.ts';
import { allClaims, readLine, type Waiter } from './line.ts';

/** VMs by the name of a pool or an alias. */
export interface Asked {
  readonly name: string;
  readonly count: number;
}

export interface Given {
  readonly name: string;
  /** Names of VMs. */
  readonly vms: readonly string[];
}

export type Taken =
  | { readonly given: readonly Given[]; readonly pools: readonly string[] }
  | {
      readonly short: readonly Missing[];
      readonly pools: readonly string[];
      readonly wants: readonly Want[];
      /** Numbers of those who wait without whose claims there would be enough, and of whom it is not known that they are still there. */
      readonly doubted: readonly number[];
    };

interface Missing {
  readonly name: string;
  readonly missing: number;
}

/** More at once is a mistake, not a wish. */
const MAX_COUNT = 1_000;

/** Names with the pools that can give them; 'not-found' for a name that is none, 'invalid' for a count that is none. */
export async function resolve(db: Db, asked: readonly Asked[], settings: PoolSettings): Promise<readonly Want[]> {
  const wants: Want[] = [];
  for (const { name, count } of asked) {
    const named = await poolsNamed(db, name);
    if (named.length === 0) throw notFound('VM pool', name);
    if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT)
      throw invalid(name, `must be a whole number of VMs from 1 to ${MAX_COUNT}.`);
    const weighted = named.map(({ name: pool, cloneTarget }) => ({
      name: pool,
      weight: weightOf(settings, cloneTarget ?? settings.cloneTarget ?? ''),
    }));
    wants.push({ name, count, pools: inOrder(weighted, Math.random) });
  }
  return wants;
}

/** Clone targets may be called like what every object has. */
const weightOf = ({ backendWeights }: PoolSettings, target: string): number | null =>
  Object.hasOwn(backendWeights, target) ? (backendWeights[target] ?? null) : null;

const poolsOf = (wants: readonly Want[]): readonly string[] => [...new Set(wants.flatMap(({ pools }) => pools))];

export const missingOf = ({ short }: Extract<Allocation, { short: unknown }>): readonly Missing[] =>
  short.map(({ want, missing }) => ({ name: want.name, missing }));

interface Attempt {
  /** Epoch ms. */
  readonly now: number;
  /** The asker's number in the queue, Infinity without one. */
  readonly turn: number;
  /** Whether somebody who waits is known to be there still. */
  readonly isThere: (waiter: Waiter) => boolean;
}

/** All that was asked for, or nothing, in the caller's transaction. */
export async function takeVms(
  tx: Db,
  who: Borrower,
  asked: readonly Asked[],
  { now, turn, isThere }: Attempt,
): Promise<Taken> {
  const settings = await poolSettings(tx);
  const wants = await resolve(tx, asked, settings);
  const pools = poolsOf(wants);
  const before = await readLine(tx, now, turn);
  // What others waited for first is not there for this one.
  const claimed = allClaims(before);
  const total = wants.reduce((sum, { count }) => sum + count, 0);
  const all = new Map<string, Ready[]>();
  for (const pool of pools) all.set(pool, [...(await takeable(tx, pool, total + (claimed.get(pool) ?? 0)))]);
  const allocation = allocate(wants, leftOf(all, claimed));
  if ('short' in allocation) {
    const doubted = before.filter((waiter) => waiter.claims.size > 0 && !isThere(waiter)).map(({ number }) => number);
    const without = allClaims(before.filter(({ number }) => !doubted.includes(number)));
    const matters = doubted.length > 0 && 'given' in allocate(wants, leftOf(all, without));
    return { short: missingOf(allocation), pools, wants, doubted: matters ? doubted : [] };
  }
  const ready = new Map([...all].map(([pool, rows]) => [pool, rows.slice(claimed.get(pool) ?? 0)]));
  const given: Given[] = [];
  for (const [{ name }, from] of allocation.given) {
    const vms: string[] = [];
    for (const pool of from) {
      const row = ready.get(pool)?.shift();
      if (!row) throw new Error(`bug: pool ${pool} was allocated more than it has`);
      await stamp(tx, who, { vm: row.vm, pool, now, settings });
      vms.push(row.name);
    }
    given.push({ name, vms });
  }
  return { given, pools: [...new Set([...allocation.given.values()].flat())] };
}

type Ready = Awaited<ReturnType<typeof takeable>>[number];

/** How many of what is ready are left beside claims, by pool. */
const leftOf = (ready: ReadonlyMap<string, readonly Ready[]>, claims: ReadonlyMap<string, number>) =>
  new Map([...ready].map(([pool, rows]) => [pool, Math.max(0, rows.length - (claims.get(pool) ?? 0))]));

interface Checkout {
  readonly vm: VmId;
  readonly pool: string;
  readonly now: number;
  readonly settings: PoolSettings;
}

async function stamp(tx: Db, who: Borrower, { vm, pool, now, settings }: Checkout): Promise<void> {
  const lifetimeHours = isKnown(who) ? settings.lifetimeAuthHours : null;
  const hours = lifetimeOf({ lifetimeHours }, await poolLifetime(tx, pool), settings);
  const { tokenId, user } = isKnown(who) ? who : { tokenId: null, user: null };
  await markCheckedOut(tx, vm, { at: now, tokenId, user, lifetimeHours, expiresAt: now + hours * HOUR_MS });
}
