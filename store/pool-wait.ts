import { asc, eq, gt, inArray, lt, sql } from 'drizzle-orm';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { poolWaits } from './schema/vm-pool.ts';

export type WaitRow = typeof poolWaits.$inferSelect;

/** VMs that a waiting checkout keeps for itself, by pool. */
export type Claims = Readonly<Record<string, number>>;

/** What these keep for themselves together. */
export function allClaims(waits: readonly Pick<WaitRow, 'claims'>[]): ReadonlyMap<string, number> {
  const all = new Map<string, number>();
  for (const { claims } of waits)
    for (const [pool, count] of Object.entries(claims)) all.set(pool, (all.get(pool) ?? 0) + count);
  return all;
}

/** Puts a checkout at the end of the queue; returns its number. Those whose process is known to be gone are forgotten. */
export async function insertWait(tx: Db, claims: Claims, now: number, aliveUntil: number): Promise<number> {
  await tx.delete(poolWaits).where(lt(poolWaits.aliveUntil, now));
  const [row] = await tx.insert(poolWaits).values({ claims, aliveUntil }).returning({ number: poolWaits.number });
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
