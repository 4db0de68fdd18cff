import { desc, gt, lt } from 'drizzle-orm';
import { HOUR_MS } from '../domain/vm-pool.ts';
import type { Db } from './open.ts';
import { poolFailures } from './schema/vm-pool.ts';

export type FailureRow = typeof poolFailures.$inferSelect;

/** Of those of the same kind in an hour, the last stays: a pool that pauses between attempts would have hundreds, each with another text. */
export async function insertFailure(tx: Db, row: Omit<FailureRow, 'hour'>): Promise<void> {
  await tx
    .insert(poolFailures)
    .values({ ...row, hour: row.at - (row.at % HOUR_MS) })
    .onConflictDoUpdate({
      target: [poolFailures.pool, poolFailures.hour, poolFailures.kind],
      set: { reason: row.reason, at: row.at },
    });
}

/** The latest after `since` (epoch ms), newest first. */
export const listUnbegun = async (db: Db, since: number, limit: number): Promise<readonly FailureRow[]> =>
  db.select().from(poolFailures).where(gt(poolFailures.at, since)).orderBy(desc(poolFailures.at)).limit(limit);

export async function forgetFailures(tx: Db, before: number): Promise<void> {
  await tx.delete(poolFailures).where(lt(poolFailures.at, before));
}
