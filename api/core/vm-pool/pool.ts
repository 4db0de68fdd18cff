import { DomainError, exists, type Mistake, notFound, refuse } from '../../../domain/fault.ts';
import { conditionOf, type PoolCondition } from '../../../domain/pool-stats.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { EntryState, PoolSettings, VmPool, VmPoolWish } from '../../../domain/vm-pool.ts';
import type { Db, Store } from '../../../store/open.ts';
import { countEntries, drainPool } from '../../../store/pool-entry.ts';
import { listPendingRequests } from '../../../store/pool-request.ts';
import { keepLifetime } from '../../../store/pool-turn.ts';
import { findProfile } from '../../../store/profile.ts';
import {
  clearTrouble,
  deletePool,
  findPool,
  insertPool,
  listPools,
  poolSettings,
  savePoolSettings,
  setAliases,
  updatePool,
} from '../../../store/vm-pool.ts';
import { mustAdminister } from '../authorize.ts';
import { something } from '../change.ts';
import { checkPool } from './check.ts';
import { applyLifetime, applyLifetimes } from './lifetime.ts';
import { endRequest, poolsOf } from './request.ts';
import type { WakePool } from './wake.ts';

export type PoolUpdate = Partial<Omit<VmPoolWish, 'name'>>;

/** A pool with how many of its VMs are ready, on their way and checked out. */
export interface PoolDetail extends VmPool {
  readonly ready: number;
  readonly pending: number;
  readonly running: number;
  readonly condition: PoolCondition;
}

export interface PoolService {
  list(): Promise<readonly PoolDetail[]>;
  get(name: string): Promise<PoolDetail>;
  /** Refuses, naming the field, what no VM can be made of. */
  create(who: Principal, wish: VmPoolWish): Promise<void>;
  /** What VMs are made of changes for those that are not checked out, too: they are replaced. */
  update(who: Principal, name: string, change: PoolUpdate): Promise<void>;
  /** VMs that are not checked out are deleted; those that are live on until their lifetime is over. */
  remove(who: Principal, name: string): Promise<void>;
  /** Replaces every VM that is ready or on its way, and forgets what went wrong before. */
  reset(who: Principal, names: readonly string[]): Promise<void>;
  /**
   * Makes these values those of the pools until they are restored: all of them, or none if a pool is unknown or its value will not
   * do. Says which those are and why, else whether anything is different now.
   */
  override(who: Principal, changes: readonly Overriding[]): Promise<Overridden>;
  /** Gives the value back that the pool had before it was overridden; returns what it was until now, too. */
  restore(who: Principal, name: string, key: keyof Override): Promise<{ readonly was: unknown; readonly is: unknown }>;
  settings(): Promise<PoolSettings>;
  /** What holds for all pools; refuses, naming the setting, what cannot be. What is not said stays. */
  changeSettings(who: Principal, change: Partial<PoolSettings>): Promise<void>;
}

export interface Overriding {
  readonly name: string;
  /** Or why what was given cannot be read. */
  readonly change: Override | { readonly unread: string };
}

/** A mistake's field is the name of its pool. */
export type Overridden = { readonly refused: readonly Mistake[] } | { readonly changed: boolean };

export type Override = Partial<Pick<VmPoolWish, 'size' | 'template' | 'cloneTarget'>>;

/** VM pools: administrators' to change. */
export function poolService({ store, wake }: { readonly store: Store; readonly wake: WakePool }): PoolService {
  const write = async <T>(who: Principal, names: readonly string[], work: (tx: Db) => Promise<T>): Promise<T> => {
    mustAdminister(who);
    const result = await store.write(work);
    for (const name of names) wake(name);
    return result;
  };
  return {
    list: async () => withCounts(store.read, await listPools(store.read)),
    get: async (name) => {
      const [pool] = await withCounts(store.read, [await getPool(store.read, name)]);
      if (!pool) throw notFound('VM pool', name);
      return pool;
    },
    create: (who, wish) =>
      write(who, [wish.name], async (tx) => {
        await checkPool(tx, wish);
        if (await findPool(tx, wish.name)) throw exists('VM pool', wish.name);
        await begin(tx, wish);
      }),
    update: (who, name, change) => write(who, [name], async (tx) => update(tx, name, something(change))),
    remove: async (who, name) => {
      const others = await write(who, [name], async (tx) => {
        const { lifetimeHours } = await getPool(tx, name);
        if (lifetimeHours !== null) await keepLifetime(tx, name, lifetimeHours);
        await drainPool(tx, name, 'Its pool was removed.', Date.now());
        const pools = await failRequestsOf(tx, name);
        await deletePool(tx, name);
        return pools;
      });
      for (const other of others) wake(other);
    },
    reset: (who, names) =>
      write(who, names, async (tx) => {
        for (const name of names) {
          await getPool(tx, name);
          await drainPool(tx, name, 'The pool was reset.', Date.now());
        }
        await clearTrouble(tx, names);
      }),
    override: (who, changes) => {
      const names = changes.map(({ name }) => name);
      return write(who, names, (tx) => overrideAll(tx, changes)).catch(refusedOf);
    },
    restore: (who, name, key) =>
      write(who, [name], async (tx) => {
        const pool = await getPool(tx, name);
        await override(tx, name, { [key]: pool.base[key] });
        return { was: pool[key], is: pool.base[key] };
      }),
    settings: () => poolSettings(store.read),
    changeSettings: async (who, change) => {
      for (const name of await write(who, [], async (tx) => changeSettings(tx, something(change)))) wake(name);
    },
  };
}

/** Nobody makes their VMs any more: what was made goes back. Returns the pools that had a part in them. */
async function failRequestsOf(tx: Db, pool: string): Promise<ReadonlySet<string>> {
  const message = `The pool ${pool} was removed`;
  const pools = new Set<string>();
  for (const request of await listPendingRequests(tx, pool)) {
    await endRequest(tx, request, 'failed', message);
    for (const other of poolsOf(request)) pools.add(other);
  }
  return pools;
}

async function withCounts(db: Db, pools: readonly VmPool[]): Promise<readonly PoolDetail[]> {
  const counts = new Map((await countEntries(db)).map((row) => [`${row.state} ${row.pool}`, row.count]));
  const of = (state: EntryState, { name }: VmPool): number => counts.get(`${state} ${name}`) ?? 0;
  return pools.map((pool) => ({
    ...pool,
    ...{ ready: of('ready', pool), pending: of('pending', pool), running: of('running', pool) },
    condition: conditionOf(pool, of('ready', pool)),
  }));
}

export async function getPool(db: Db, name: string): Promise<VmPool> {
  const pool = await findPool(db, name);
  if (!pool) throw notFound('VM pool', name);
  return pool;
}

/** VMs of a pool that was called so before have its lifetime. */
export async function begin(tx: Db, wish: VmPoolWish): Promise<void> {
  await insertPool(tx, wish);
  await applyLifetime(tx, wish.name);
}

/** Values that were overridden are replaced for good. */
export async function update(tx: Db, name: string, change: PoolUpdate): Promise<void> {
  const pool = await getPool(tx, name);
  const wish = { ...pool, ...change };
  await checkPool(tx, wish);
  const { aliases, ...values } = change;
  // Of what is not said here, an override stays one.
  const base = Object.fromEntries(OVERRIDABLE.flatMap((key) => (key in change ? [[key, wish[key]]] : [])));
  await updatePool(tx, name, { ...values, base });
  if ('lifetimeHours' in change) await applyLifetime(tx, name);
  if (aliases) await setAliases(tx, name, aliases);
  if (madeOtherwise(pool, wish)) await drainPool(tx, name, 'The pool was changed.', Date.now());
  await clearTrouble(tx, [name]);
}

const OVERRIDABLE = ['size', 'template', 'cloneTarget'] as const;

/** Saves what holds for all pools; VMs that are checked out without a lifetime of their own have the new one. Returns their pools. */
export async function keepSettings(tx: Db, settings: PoolSettings): Promise<readonly string[]> {
  await savePoolSettings(tx, settings);
  return applyLifetimes(tx);
}

async function changeSettings(tx: Db, change: Partial<PoolSettings>): Promise<readonly string[]> {
  const before = await poolSettings(tx);
  // What stays is nobody's mistake: what is shown can be put back, though its profile was removed meanwhile.
  if (change.defaultProfile !== before.defaultProfile) refuse(await settingMistakes(tx, change));
  return keepSettings(tx, { ...before, ...change });
}

/** Why there cannot be such settings, by their names for people. */
export async function settingMistakes(db: Db, { defaultProfile }: Partial<PoolSettings>): Promise<readonly Mistake[]> {
  if (defaultProfile === undefined || (await findProfile(db, defaultProfile))) return [];
  return [{ field: 'default_profile', why: `there is no profile '${defaultProfile}'.` }];
}

const madeOtherwise = (a: VmPoolWish, b: VmPoolWish): boolean =>
  a.template !== b.template ||
  a.cloneTarget !== b.cloneTarget ||
  a.profile !== b.profile ||
  JSON.stringify(a.args) !== JSON.stringify(b.args);

/** Takes the transaction back. */
class Refused extends Error {
  readonly mistakes: readonly Mistake[];
  constructor(mistakes: readonly Mistake[]) {
    super(`refused: ${mistakes.map(({ field }) => field).join(', ')}`);
    this.mistakes = mistakes;
  }
}

function refusedOf(error: unknown): Overridden {
  if (error instanceof Refused) return { refused: error.mistakes };
  throw error;
}

async function overrideAll(tx: Db, changes: readonly Overriding[]): Promise<Overridden> {
  const refused: Mistake[] = [];
  let changed = false;
  for (const { name, change } of changes) {
    if ('unread' in change) {
      refused.push({ field: name, why: change.unread });
      continue;
    }
    try {
      changed = (await override(tx, name, change)) || changed;
    } catch (error) {
      if (!(error instanceof DomainError) || !['not-found', 'invalid'].includes(error.fault.kind)) throw error;
      refused.push({ field: name, why: error.message });
    }
  }
  if (refused.length > 0) throw new Refused(refused);
  return { changed };
}

async function override(tx: Db, name: string, change: Override): Promise<boolean> {
  const pool = await getPool(tx, name);
  const wish = { ...pool, ...change };
  const different = (Object.keys(change) as (keyof Override)[]).some((key) => pool[key] !== wish[key]);
  if (!different) return false;
  await checkPool(tx, wish);
  await updatePool(tx, name, change);
  if (madeOtherwise(pool, wish)) await drainPool(tx, name, 'The pool was changed.', Date.now());
  await clearTrouble(tx, [name]);
  return true;
}
