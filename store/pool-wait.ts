import { asc, eq, gt, inArray, lt, sql } from 'drizzle-orm';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { poolWaits } from './schema/vm-pool.ts';

export type WaitRow = typeof poolWaits.$inferSelect;

/** How long the row of a process that is gone is kept, in ms: one that only was slow finds its place in the queue again. */
const FORGOTTEN_MS = 60_000;

/** Puts a checkout at the end of the queue; returns its number. Those whose process is known to be gone are forgotten. */
export async function insertWait(
  tx: Db,
  asked: WaitRow['asked'],
  now: number,
  aliveUntil: number,
): Promise<WaitRow['number']> {
  await tx.delete(poolWaits).where(lt(poolWaits.aliveUntil, now - FORGOTTEN_MS));
  const [row] = await tx.insert(poolWaits).values({ asked, aliveUntil }).returning({ number: poolWaits.number });
  if (!row) throw new Error('bug: an insert returned no row');
  return row.number;
}

export async function keepWaits(tx: Db, numbers: readonly number[], aliveUntil: number): Promise<void> {
  await tx
    .update(poolWaits)
    .set({ aliveUntil })
    .where(inArray(poolWaits.number, [...numbers]));
}

export async function deleteWait(tx: Db, number: number): Promise<void> {
  await tx.delete(poolWaits).where(eq(poolWaits.number, number));
}

const alive = hot((db) =>
  db
    .select()
    .from(poolWaits)
    .where(gt(poolWaits.aliveUntil, sql.placeholder('now')))
    .orderBy(asc(poolWaits.number))
    .prepare(),
);

/** Checkouts whose process lives, first come first. */
export const listWaits = async (db: Db, now: number): Promise<readonly WaitRow[]> => alive(db).all({ now });
