import { randomInt } from 'node:crypto';
import { and, asc, count, eq, gt, gte, inArray, isNull, lt, ne, notInArray, or, sql } from 'drizzle-orm';
import type { VmId } from '../domain/ids.ts';
import { deadBefore } from '../domain/node.ts';
import { ENTRY_MOVES, type EntryState, type PoolEntry } from '../domain/vm-pool.ts';
import { hot, hotUpdate } from './hot.ts';
import type { Db } from './open.ts';
import { addDuration } from './pool-day.ts';
import { addTotal } from './pool-total.ts';
import { nodes } from './schema/node.ts';
import { vms } from './schema/vm.ts';
import { poolEntries, vmPools } from './schema/vm-pool.ts';

export type EntryRow = typeof poolEntries.$inferSelect;

/** Below this a store's first number is drawn: names are made of them, and two installations are to have others. */
const FIRST_BELOW = 2 ** 40;

/** The number that the next entry gets; to be asked for and used in one transaction. */
export async function nextNumber(tx: Db): Promise<number> {
  const row = await tx.get<{ seq: number } | undefined>(
    sql`SELECT seq FROM sqlite_sequence WHERE name = 'pool_entries'`,
  );
  return (row?.seq ?? randomInt(FIRST_BELOW)) + 1;
}

export async function insertEntry(
  tx: Db,
  entry: Pick<EntryRow, 'number' | 'vm' | 'name' | 'pool' | 'task' | 'request' | 'startedAt'>,
): Promise<void> {
  await tx.insert(poolEntries).values({ ...entry, state: 'pending', tags: {} });
}

const byName = hot((db) =>
  db
    .select()
    .from(poolEntries)
    .where(eq(poolEntries.name, sql.placeholder('name')))
    .prepare(),
);

export const findEntry = async (db: Db, name: string): Promise<EntryRow | undefined> => byName(db).get({ name });

const byVm = hot((db) =>
  db
    .select()
    .from(poolEntries)
    .where(eq(poolEntries.vm, sql.placeholder('vm')))
    .prepare(),
);

export const findEntryOfVm = async (db: Db, vm: VmId): Promise<EntryRow | undefined> => byVm(db).get({ vm });

export type EntryChange = Partial<Omit<PoolEntry, 'vm' | 'name' | 'pool' | 'task' | 'startedAt'>> & {
  readonly failed?: boolean;
};

const change = hotUpdate(poolEntries, poolEntries.vm);

/** Changes an entry; its state only as ENTRY_MOVES has it. */
export async function updateEntry(tx: Db, vm: VmId, changed: EntryChange): Promise<void> {
  if (changed.state !== undefined) await move(tx, vm, changed.state);
  change(tx, vm, changed);
}

async function move(tx: Db, vm: VmId, to: EntryState): Promise<void> {
  const entry = await findEntryOfVm(tx, vm);
  if (!entry || entry.state === to) return;
  if (!ENTRY_MOVES[entry.state].includes(to)) throw new Error(`bug: ${entry.name} is ${entry.state}, not to be ${to}`);
  if (to === 'destroyed') await addTotal(tx, { pool: entry.pool, kind: 'destroyed', bucket: 0, seconds: 0 });
}

const oldestReady = hot((db) =>
  db
    .select({ vm: poolEntries.vm, name: poolEntries.name })
    .from(poolEntries)
    .innerJoin(vms, eq(vms.id, poolEntries.vm))
    .leftJoin(nodes, eq(nodes.name, vms.node))
    .where(
      and(
        eq(poolEntries.pool, sql.placeholder('pool')),
        eq(poolEntries.state, 'ready'),
        eq(vms.state, 'running'),
        isNull(vms.changing),
        or(isNull(nodes.name), gte(nodes.seenAt, sql.placeholder('alive'))),
      ),
    )
    .orderBy(asc(poolEntries.readyAt))
    .limit(sql.placeholder('limit'))
    .prepare(),
);

/** Ready VMs that run on nodes that answer, the longest ready first: what a checkout may take. */
export const takeable = async (
  db: Db,
  pool: string,
  limit: number,
): Promise<readonly { readonly vm: VmId; readonly name: string }[]> =>
  oldestReady(db).all({ pool, limit, alive: deadBefore(Date.now()) });

const checkOut = hot((db) =>
  db
    .update(poolEntries)
    .set({
      state: sql`'running'`,
      checkedOutAt: sql`${sql.placeholder('at')}`,
      tokenId: sql`${sql.placeholder('tokenId')}`,
      user: sql`${sql.placeholder('user')}`,
      lifetimeHours: sql`${sql.placeholder('lifetimeHours')}`,
      expiresAt: sql`${sql.placeholder('expiresAt')}`,
    })
    .where(eq(poolEntries.vm, sql.placeholder('vm')))
    .prepare(),
);

/** Ready (or, for an on-demand request, pending) becomes running. */
export async function markCheckedOut(
  tx: Db,
  vm: VmId,
  stamp: {
    readonly at: number;
    readonly tokenId: string | null;
    readonly user: string | null;
    readonly lifetimeHours: number | null;
    readonly expiresAt: number;
  },
): Promise<void> {
  await checkOut(tx).run({ vm, ...stamp });
}

/** Checked-out becomes ready again, as if nobody had taken it, or is given up where its pool was drained meanwhile; any other stays what it is. */
export async function putBack(tx: Db, name: string, now: number): Promise<void> {
  const entry = await findEntry(tx, name);
  if (entry?.state !== 'running') return;
  const nobody = { checkedOutAt: null, tokenId: null, user: null, lifetimeHours: null, expiresAt: null };
  const pool = await tx.select().from(vmPools).where(eq(vmPools.name, entry.pool)).get();
  const goesOn = pool && Math.max(pool.createdAt, pool.drainedAt ?? 0) < (entry.checkedOutAt ?? 0);
  const outcome = goesOn
    ? { state: 'ready' as const }
    : { state: 'completed' as const, completedAt: now, reason: 'Its pool was drained while whoever took it went.' };
  await updateEntry(tx, entry.vm, { ...outcome, ...nobody });
}

const counted = hot((db) =>
  db
    .select({ pool: poolEntries.pool, state: poolEntries.state, count: count() })
    .from(poolEntries)
    .where(inArray(poolEntries.state, ['pending', 'ready', 'running', 'completed']))
    .groupBy(poolEntries.pool, poolEntries.state)
    .prepare(),
);

/** How many entries each pool has in each state, without those that are gone. */
export const countEntries = async (
  db: Db,
): Promise<readonly { readonly pool: string; readonly state: EntryState; readonly count: number }[]> =>
  counted(db).all();

/** So many VMs of a pool are on their way. */
export interface PendingCount {
  readonly pool: string;
  /** Made for an on-demand request. */
  readonly ondemand: boolean;
  /** Its clone goes on; otherwise the guest boots. */
  readonly cloning: boolean;
  readonly count: number;
}

const pending = hot((db) => {
  const kinds = {
    ondemand: sql<number>`${poolEntries.request} is not null`,
    cloning: sql<number>`${poolEntries.clonedAt} is null`,
  };
  return db
    .select({ pool: poolEntries.pool, ...kinds, count: count() })
    .from(poolEntries)
    .where(eq(poolEntries.state, 'pending'))
    .groupBy(poolEntries.pool, kinds.ondemand, kinds.cloning)
    .prepare();
});

/** How many VMs are on their way, by pool and kind. */
export const countPending = async (db: Db): Promise<readonly PendingCount[]> =>
  (await pending(db).all()).map((row) => ({ ...row, ondemand: Boolean(row.ondemand), cloning: Boolean(row.cloning) }));

/** Of several counts, the sum. */
export const total = (counts: readonly { readonly count: number }[]): number =>
  counts.reduce((sum, { count }) => sum + count, 0);

/** Every ready and pending VM of the pool is given up, and what is put back later. */
export async function drainPool(tx: Db, pool: string, reason: string, now: number): Promise<void> {
  await tx.update(vmPools).set({ drainedAt: now }).where(eq(vmPools.name, pool));
  await tx
    .update(poolEntries)
    .set({ state: 'completed', completedAt: now, reason })
    .where(and(eq(poolEntries.pool, pool), inArray(poolEntries.state, ['pending', 'ready'])));
}

/** Names of the running VMs that were checked out with this token. */
export const runningOfToken = async (db: Db, tokenId: string): Promise<readonly string[]> => {
  const rows = await db
    .select({ name: poolEntries.name })
    .from(poolEntries)
    .where(and(eq(poolEntries.tokenId, tokenId), eq(poolEntries.state, 'running')))
    .orderBy(asc(poolEntries.checkedOutAt));
  return rows.map(({ name }) => name);
};

/** Forgets what was destroyed before `before`. */
export async function forgetDestroyed(tx: Db, before: number): Promise<void> {
  await tx.delete(poolEntries).where(and(eq(poolEntries.state, 'destroyed'), lt(poolEntries.destroyedAt, before)));
}

/** Pools that entries are left of which no pool has any more. */
export async function orphanedPools(db: Db, known: readonly string[]): Promise<readonly string[]> {
  const rows = await db
    .selectDistinct({ pool: poolEntries.pool })
    .from(poolEntries)
    .where(and(ne(poolEntries.state, 'destroyed'), notInArray(poolEntries.pool, [...known])));
  return rows.map(({ pool }) => pool);
}

/** The latest failures of a pool's VMs, newest first. */
export const listFailures = async (db: Db, since: number, limit: number): Promise<readonly EntryRow[]> =>
  db
    .select()
    .from(poolEntries)
    // A literal, as in the index: a bound value would not be known to fit it.
    .where(and(sql`${poolEntries.failed} = 1`, gt(poolEntries.completedAt, since)))
    .orderBy(sql`${poolEntries.completedAt} desc`)
    .limit(limit);

/** Whether the pool has any VM left. */
export const hasEntries = async (db: Db, pool: string): Promise<boolean> =>
  db
    .select({ vm: poolEntries.vm })
    .from(poolEntries)
    .where(and(eq(poolEntries.pool, pool), inArray(poolEntries.state, ['pending', 'ready', 'running', 'completed'])))
    .limit(1)
    .get() !== undefined;

/** The VM's disks and domain are made; once. */
export async function markCloned(tx: Db, vm: VmId, now: number): Promise<void> {
  const entry = await findEntryOfVm(tx, vm);
  if (!entry || entry.clonedAt !== null) return;
  await updateEntry(tx, vm, { clonedAt: now });
  await addDuration(tx, { at: now, kind: 'clone', pool: entry.pool, seconds: (now - entry.startedAt) / 1_000 });
}
