import { and, asc, eq, gte, lt, sql } from 'drizzle-orm';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { poolHistory, vmPools } from './schema/vm-pool.ts';

export type HistoryRow = typeof poolHistory.$inferSelect;

/** A pool has one row a moment: of several that want to write it, the first does. */
export async function insertHistory(tx: Db, rows: readonly HistoryRow[]): Promise<void> {
  if (rows.length > 0)
    await tx
      .insert(poolHistory)
      .values([...rows])
      .onConflictDoNothing();
}

const since = hot((db) =>
  db
    .select({
      pool: poolHistory.pool,
      at: poolHistory.at,
      ready: poolHistory.ready,
      running: poolHistory.running,
      size: poolHistory.size,
    })
    .from(vmPools)
    // Crossed, so that SQLite goes from each pool to its rows, by their key; it would read all rows otherwise.
    .crossJoin(poolHistory)
    .where(and(eq(poolHistory.pool, vmPools.name), gte(poolHistory.at, sql.placeholder('at'))))
    .orderBy(asc(vmPools.name), asc(poolHistory.at))
    .prepare(),
);

/** Rows of the pools that there are, from `at` (epoch ms) on, in order of pool and time. */
export const historySince = async (db: Db, at: number): Promise<readonly HistoryRow[]> => since(db).all({ at });

/** Of rows from before `before`, the first of each `bucketMs` stays. (A bound number is a real one, and would not divide without a rest.) */
export async function thinHistory(tx: Db, before: number, bucketMs: number): Promise<void> {
  await tx.run(sql`DELETE FROM ${poolHistory} WHERE ${poolHistory.at} < ${before} AND (pool, at) NOT IN (
    SELECT pool, min(at) FROM ${poolHistory} WHERE ${poolHistory.at} < ${before} GROUP BY pool, at / CAST(${bucketMs} AS INTEGER))`);
}

export async function forgetHistory(tx: Db, before: number): Promise<void> {
  await tx.delete(poolHistory).where(lt(poolHistory.at, before));
}
