import { type Borrower, isKnown } from '../../../domain/borrower.ts';
import { allocate, byName, type Short, shortfall, type Want } from '../../../domain/checkout.ts';
import { invalid, notFound } from '../../../domain/fault.ts';
import type { VmId } from '../../../domain/ids.ts';
import { HOUR_MS, lifetimeOf, type PoolSettings, type VmPool } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { markCheckedOut } from '../../../store/pool-entry.ts';
import { poolLifetime, poolSettings, poolsNamed } from '../../../store/vm-pool.ts';
import { numbersOf, readLine, readyFor, type Waiter } from './line.ts';

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
      /** Whether fewer would be missing if others did not wait. */
      readonly promised: boolean;
      /** Numbers of those who wait without whose claims there would be enough, and of whom it is not known that they are still there. */
      readonly doubted: readonly number[];
    };

interface Missing {
  readonly name: string;
  readonly missing: number;
}

/** More at once is a mistake, not a wish. */
const MAX_COUNT = 1_000;

/** Names with the pools that can give them; 'not-found' for a name that is none, whatever the counts are, 'invalid' for a count that is none. */
export async function resolve(db: Db, asked: readonly Asked[], settings: PoolSettings): Promise<readonly Want[]> {
  const wants: Want[] = [];
  for (const { name, count } of asked) {
    const named = await poolsNamed(db, name);
    if (named.length === 0) throw notFound('VM pool', name);
    wants.push({ name, count, pools: named.map((pool) => pool.name), weights: weightsOf(named, settings) });
  }
  for (const { name, count } of asked) {
    if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT)
      throw invalid(name, `must be a whole number of VMs from 1 to ${MAX_COUNT}.`);
  }
  return wants;
}

/** All alike unless each has one. */
function weightsOf(pools: readonly Pick<VmPool, 'cloneTarget'>[], settings: PoolSettings): readonly number[] {
  const weights = pools.map(({ cloneTarget }) => weightOf(settings, cloneTarget ?? settings.cloneTarget ?? ''));
  return weights.every((weight) => weight !== null) ? weights : [];
}

/** Clone targets may be called like what every object has. */
const weightOf = ({ backendWeights }: PoolSettings, target: string): number | null =>
  Object.hasOwn(backendWeights, target) ? (backendWeights[target] ?? null) : null;

const poolsOf = (wants: readonly Want[]): readonly string[] => [...new Set(wants.flatMap(({ pools }) => pools))];

export const missingOf = (short: readonly Short[]): readonly Missing[] =>
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
  const before = await readLine(tx, now, turn);
  const promised = touching(wants, byName(claimsOf(before)));
  const rows = await readyFor(tx, [...wants, ...promised]);
  const ready = numbersOf(rows);
  const allocation = allocate(wants, ready, { promised });
  if ('short' in allocation) {
    const { short } = allocation;
    const doubted = before.filter((waiter) => waiter.claims.length > 0 && !isThere(waiter));
    const known = byName(claimsOf(before.filter((waiter) => !doubted.includes(waiter))));
    const matters = doubted.length > 0 && 'given' in allocate(wants, ready, { promised: touching(wants, known) });
    return {
      ...{ short: missingOf(short), pools: poolsOf(wants), wants },
      promised: sumOf(short) > sumOf(shortfall(wants, ready)),
      doubted: matters ? doubted.map(({ number }) => number) : [],
    };
  }
  const left = new Map([...rows].map(([pool, some]) => [pool, some.values()]));
  const given: Given[] = [];
  for (const [{ name }, from] of allocation.given) {
    const vms: string[] = [];
    for (const pool of from) {
      const row = left.get(pool)?.next().value;
      if (!row) throw new Error(`bug: pool ${pool} was allocated more than it has`);
      await stamp(tx, who, { vm: row.vm, pool, now, settings });
      vms.push(row.name);
    }
    given.push({ name, vms });
  }
  return { given, pools: [...new Set([...allocation.given.values()].flat())] };
}

const claimsOf = (waiters: readonly Waiter[]): readonly Want[] => waiters.flatMap(({ claims }) => claims);

const sumOf = (short: readonly Short[]): number => short.reduce((sum, { missing }) => sum + missing, 0);

/** Claims that have to do with what is wanted: to pools of it, or to pools of other claims that have. */
function touching(wants: readonly Want[], claims: readonly Want[]): readonly Want[] {
  const pools = new Set(poolsOf(wants));
  const near = new Set<Want>();
  for (let found = -1; found < near.size; ) {
    found = near.size;
    for (const claim of claims) if (claim.pools.some((pool) => pools.has(pool))) near.add(claim);
    for (const claim of near) for (const pool of claim.pools) pools.add(pool);
  }
  return [...near];
}

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
