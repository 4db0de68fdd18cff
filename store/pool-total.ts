import { asc, sql } from 'drizzle-orm';
import type { Db } from './open.ts';
import { poolTotals } from './schema/vm-pool.ts';

export type TotalRow = typeof poolTotals.$inferSelect;

/** Counts one more of a kind, for good. */
export async function addTotal(
  tx: Db,
  { seconds, ...row }: Pick<TotalRow, 'pool' | 'kind' | 'bucket'> & { readonly seconds: number },
): Promise<void> {
  await tx
    .insert(poolTotals)
    .values({ ...row, count: 1, total: seconds })
    .onConflictDoUpdate({
      target: [poolTotals.pool, poolTotals.kind, poolTotals.bucket],
      set: { count: sql`${poolTotals.count} + 1`, total: sql`${poolTotals.total} + ${seconds}` },
    });
}

export const listTotals = async (db: Db): Promise<readonly TotalRow[]> =>
  db.select().from(poolTotals).orderBy(asc(poolTotals.pool), asc(poolTotals.kind), asc(poolTotals.bucket));
