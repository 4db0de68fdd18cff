import { and, asc, count, eq, inArray, isNotNull, isNull, lte, sql } from 'drizzle-orm';
import type { Db } from './open.ts';
import type { EntryRow } from './pool-entry.ts';
import { poolEntries, poolRequests, vmPools } from './schema/vm-pool.ts';

export type RequestRow = typeof poolRequests.$inferSelect;

export const findRequest = async (db: Db, id: string): Promise<RequestRow | undefined> =>
  db.select().from(poolRequests).where(eq(poolRequests.id, id)).get();

export async function insertRequest(tx: Db, row: RequestRow): Promise<void> {
  await tx.insert(poolRequests).values(row);
}

export async function updateRequest(tx: Db, id: string, change: Partial<Omit<RequestRow, 'id'>>): Promise<void> {
  await tx.update(poolRequests).set(change).where(eq(poolRequests.id, id));
}

const waitsFor = (pool: string) =>
  and(
    eq(poolRequests.state, 'pending'),
    sql`exists (select 1 from json_each(${poolRequests.wants}) where json_extract(value, '$.pool') = ${pool})`,
  );

/** Requests that wait for VMs of this pool, the oldest first. */
export const listPendingRequests = async (db: Db, pool: string): Promise<readonly RequestRow[]> =>
  db.select().from(poolRequests).where(waitsFor(pool)).orderBy(asc(poolRequests.createdAt));

/** Those of them whose time is over. */
export const listLateRequests = async (db: Db, pool: string, now: number): Promise<readonly RequestRow[]> =>
  db
    .select()
    .from(poolRequests)
    .where(and(waitsFor(pool), lte(poolRequests.expiresAt, now)))
    .orderBy(asc(poolRequests.createdAt));

/** When the time of the first of them will be over, epoch ms; null if none waits. */
export const nextRequestExpiry = async (db: Db, pool: string): Promise<number | null> =>
  db
    .select({ at: poolRequests.expiresAt })
    .from(poolRequests)
    .where(waitsFor(pool))
    .orderBy(asc(poolRequests.expiresAt))
    .limit(1)
    .get()?.at ?? null;

/** Requests that wait for VMs of any pool, the oldest first. */
export const listWaitingRequests = async (db: Db): Promise<readonly RequestRow[]> =>
  db.select().from(poolRequests).where(eq(poolRequests.state, 'pending')).orderBy(asc(poolRequests.createdAt));

/** For how many VMs requests of this user wait, made or not; null: of those whom nobody knows. */
export const countWaiting = async (db: Db, user: string | null): Promise<number> => {
  const asked = sql<
    number | null
  >`sum((select sum(json_extract(value, '$.count')) from json_each(${poolRequests.wants})))`;
  const mine = user === null ? isNull(poolRequests.user) : eq(poolRequests.user, user);
  const row = db
    .select({ asked })
    .from(poolRequests)
    .where(and(eq(poolRequests.state, 'pending'), mine))
    .get();
  return row?.asked ?? 0;
};

/** How many VMs were made, or are being made, for each waiting request, by pool. */
export const countMade = async (
  db: Db,
): Promise<readonly { readonly request: string | null; readonly pool: string; readonly count: number }[]> =>
  db
    .select({ request: poolEntries.request, pool: poolEntries.pool, count: count() })
    .from(poolEntries)
    .innerJoin(poolRequests, eq(poolRequests.id, poolEntries.request))
    .where(and(eq(poolRequests.state, 'pending'), inArray(poolEntries.state, ['pending', 'running'])))
    .groupBy(poolEntries.request, poolEntries.pool);

/** Waiting requests that have been given VMs, and how many. */
export const listGiven = async (db: Db): Promise<readonly { readonly request: RequestRow; readonly given: number }[]> =>
  db
    .select({ request: poolRequests, given: count() })
    .from(poolEntries)
    .innerJoin(poolRequests, eq(poolRequests.id, poolEntries.request))
    .where(and(eq(poolRequests.state, 'pending'), eq(poolEntries.state, 'running')))
    .groupBy(poolRequests.id);

/** The number of the last VM that each pool began for a request; no pool that has begun none. */
export const lastBegun = async (db: Db): Promise<ReadonlyMap<string, number>> => {
  const last = sql<
    number | null
  >`(select max(number) from ${poolEntries} where pool = vm_pools.name and request is not null)`;
  const rows = await db.select({ pool: vmPools.name, last }).from(vmPools);
  return new Map(rows.flatMap((row) => (row.last === null ? [] : [[row.pool, row.last] as const])));
};

/** VMs of this pool that are ready for the request that they were made for, and that waits for them. */
export const listReadyForRequests = async (
  db: Db,
  pool: string,
): Promise<readonly { readonly entry: EntryRow; readonly request: RequestRow }[]> =>
  db
    .select({ entry: poolEntries, request: poolRequests })
    .from(poolEntries)
    .innerJoin(poolRequests, eq(poolRequests.id, poolEntries.request))
    .where(
      and(
        eq(poolRequests.state, 'pending'),
        ...[eq(poolEntries.pool, pool), eq(poolEntries.state, 'pending'), isNotNull(poolEntries.readyAt)],
      ),
    )
    .orderBy(asc(poolEntries.number));

/** VMs that were made, or are being made, for a request. */
export const entriesOfRequest = async (db: Db, id: string): Promise<readonly EntryRow[]> =>
  db
    .select()
    .from(poolEntries)
    .where(and(eq(poolEntries.request, id), inArray(poolEntries.state, ['pending', 'running'])))
    .orderBy(asc(poolEntries.number));

/** Forgets requests that ended before `before`. */
export async function forgetRequests(tx: Db, before: number): Promise<void> {
  await tx
    .delete(poolRequests)
    .where(
      and(inArray(poolRequests.state, ['ready', 'failed', 'deleted']), sql`${poolRequests.expiresAt} < ${before}`),
    );
}
