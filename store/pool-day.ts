import { and, asc, between, count, eq, sql } from 'drizzle-orm';
import { bucketOf } from '../domain/pool-stats.ts';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { addTotal } from './pool-total.ts';
import { poolDays, poolTagDays } from './schema/vm-pool.ts';

export type DayRow = typeof poolDays.$inferSelect;

/** YYYY-MM-DD of a moment in this machine's time zone. */
export function dayOf(at: number): string {
  const date = new Date(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Counts one clone or boot of so many seconds on the day on which it ended. */
export async function addDuration(
  tx: Db,
  {
    at,
    kind,
    pool,
    seconds,
  }: { readonly at: number; readonly kind: DayRow['kind']; readonly pool: string; readonly seconds: number },
): Promise<void> {
  await tx
    .insert(poolDays)
    .values({ day: dayOf(at), kind, pool, count: 1, total: seconds, min: seconds, max: seconds })
    .onConflictDoUpdate({
      target: [poolDays.day, poolDays.kind, poolDays.pool],
      set: {
        count: sql`${poolDays.count} + 1`,
        total: sql`${poolDays.total} + ${seconds}`,
        min: sql`min(${poolDays.min}, ${seconds})`,
        max: sql`max(${poolDays.max}, ${seconds})`,
      },
    });
  await addTotal(tx, { pool, kind, bucket: bucketOf(kind, seconds) ?? 0, seconds });
}

/** Rows of the days from `from` to `to`, both YYYY-MM-DD and included. */
export const listDays = async (db: Db, from: string, to: string): Promise<readonly DayRow[]> =>
  db
    .select()
    .from(poolDays)
    .where(between(poolDays.day, from, to))
    .orderBy(asc(poolDays.day), asc(poolDays.pool));

const oneDay = hot((db) =>
  db
    .select({
      kind: poolDays.kind,
      count: sql<number>`sum(${poolDays.count})`,
      total: sql<number>`sum(${poolDays.total})`,
      min: sql<number>`min(${poolDays.min})`,
      max: sql<number>`max(${poolDays.max})`,
    })
    .from(poolDays)
    .where(eq(poolDays.day, sql.placeholder('day')))
    .groupBy(poolDays.kind)
    .prepare(),
);

/** Of all pools together, each kind that there was any of. */
export const sumDay = async (db: Db, day: string): Promise<readonly Omit<DayRow, 'day' | 'pool'>[]> =>
  oneDay(db).all({ day });

/** One value a VM, tag and day: the last one counts. */
export async function addTags(tx: Db, vm: string, tags: Readonly<Record<string, string>>, at: number): Promise<void> {
  const day = dayOf(at);
  for (const [tag, value] of Object.entries(tags))
    await tx
      .insert(poolTagDays)
      .values({ day, vm, tag, value })
      .onConflictDoUpdate({ target: [poolTagDays.day, poolTagDays.vm, poolTagDays.tag], set: { value } });
}

/** How many VMs had each value of each tag, by day. */
export const countTags = async (
  db: Db,
  from: string,
  to: string,
  tag?: string,
): Promise<readonly { readonly day: string; readonly tag: string; readonly value: string; readonly count: number }[]> =>
  db
    .select({ day: poolTagDays.day, tag: poolTagDays.tag, value: poolTagDays.value, count: count() })
    .from(poolTagDays)
    .where(and(between(poolTagDays.day, from, to), tag === undefined ? undefined : eq(poolTagDays.tag, tag)))
    .groupBy(poolTagDays.day, poolTagDays.tag, poolTagDays.value)
    .orderBy(asc(poolTagDays.day), asc(poolTagDays.tag), asc(poolTagDays.value));
