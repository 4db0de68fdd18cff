import { and, asc, count, eq, gte, inArray, isNotNull, isNull, lt, lte, ne, or, sql } from 'drizzle-orm';
import type { VmId } from '../domain/ids.ts';
import { deadBefore } from '../domain/node.ts';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import type { EntryRow } from './pool-entry.ts';
import { nodes } from './schema/node.ts';
import { vms } from './schema/vm.ts';
import { poolEntries } from './schema/vm-pool.ts';

/** An entry with what its VM is; nulls without one. */
const WITH_VM = {
  ...{ entry: poolEntries, vmState: vms.state, changing: vms.changing, node: vms.node, nodeSeenAt: nodes.seenAt },
} as const;

const pendingOf = hot((db) =>
  db
    .select(WITH_VM)
    .from(poolEntries)
    .leftJoin(vms, eq(vms.id, poolEntries.vm))
    .leftJoin(nodes, eq(nodes.name, vms.node))
    .where(and(eq(poolEntries.pool, sql.placeholder('pool')), eq(poolEntries.state, 'pending')))
    .orderBy(asc(poolEntries.number))
    .prepare(),
);

/** Pending entries with the state of their VM, oldest first. */
export const listPendingEntries = async (db: Db, pool: string) => pendingOf(db).all({ pool });

const readyAmiss = hot((db) =>
  db
    .select(WITH_VM)
    .from(poolEntries)
    .leftJoin(vms, eq(vms.id, poolEntries.vm))
    .leftJoin(nodes, eq(nodes.name, vms.node))
    .where(
      and(
        eq(poolEntries.pool, sql.placeholder('pool')),
        eq(poolEntries.state, 'ready'),
        or(
          isNull(vms.id),
          lt(nodes.seenAt, sql.placeholder('alive')),
          and(ne(vms.state, 'running'), isNull(vms.changing)),
          lte(poolEntries.readyAt, sql.placeholder('readyBy')),
          lte(poolEntries.probedAt, sql.placeholder('probedBy')),
        ),
      ),
    )
    .prepare(),
);

/** Ready entries whose VM is gone or off, or on a node that is dead, or that were ready or looked at as long ago as these moments (epoch ms). */
export const listReadyAmiss = async (db: Db, pool: string, readyBy: number, probedBy: number) =>
  readyAmiss(db).all({ pool, readyBy, probedBy, alive: deadBefore(Date.now()) });

const heardOf = hot((db) =>
  db
    .select({ at: sql<number | null>`min(${nodes.seenAt})` })
    .from(poolEntries)
    .innerJoin(vms, eq(vms.id, poolEntries.vm))
    .innerJoin(nodes, eq(nodes.name, vms.node))
    .where(
      and(
        eq(poolEntries.pool, sql.placeholder('pool')),
        inArray(poolEntries.state, ['pending', 'ready']),
        gte(nodes.seenAt, sql.placeholder('alive')),
      ),
    )
    .prepare(),
);

/** When the living node of the pool's waiting VMs that has been silent longest was heard of; epoch ms, null without one. */
export const leastHeardOf = async (db: Db, pool: string): Promise<number | null> =>
  heardOf(db).get({ pool, alive: deadBefore(Date.now()) })?.at ?? null;

const readySince = hot((db) =>
  db
    .select({
      count: count(),
      readyAt: sql<number | null>`min(${poolEntries.readyAt})`,
      probedAt: sql<number | null>`min(${poolEntries.probedAt})`,
    })
    .from(poolEntries)
    .where(and(eq(poolEntries.pool, sql.placeholder('pool')), eq(poolEntries.state, 'ready')))
    .prepare(),
);

/** How many entries of the pool are ready, and since when the first; epoch ms. */
export async function readyOf(db: Db, pool: string) {
  const row = await readySince(db).get({ pool });
  if (!row) throw new Error('bug: a count returned no row');
  return row;
}

const longestReady = hot((db) =>
  db
    .select()
    .from(poolEntries)
    .where(and(eq(poolEntries.pool, sql.placeholder('pool')), eq(poolEntries.state, 'ready')))
    .orderBy(asc(poolEntries.readyAt))
    .limit(sql.placeholder('limit'))
    .prepare(),
);

/** Ready entries, well or not, the longest ready first. */
export const listReady = async (db: Db, pool: string, limit: number): Promise<readonly EntryRow[]> =>
  longestReady(db).all({ pool, limit });

const completedOf = hot((db) =>
  db
    .select({ entry: poolEntries, changing: vms.changing })
    .from(poolEntries)
    .leftJoin(vms, eq(vms.id, poolEntries.vm))
    .where(and(eq(poolEntries.pool, sql.placeholder('pool')), eq(poolEntries.state, 'completed')))
    .orderBy(asc(poolEntries.completedAt))
    .prepare(),
);

/** Entries whose VMs are to be deleted, with the task that is changing each. */
export const listCompletedEntries = async (db: Db, pool: string) => completedOf(db).all({ pool });

const expired = hot((db) =>
  db
    .select({ vm: poolEntries.vm, name: poolEntries.name })
    .from(poolEntries)
    .where(
      and(
        eq(poolEntries.pool, sql.placeholder('pool')),
        eq(poolEntries.state, 'running'),
        sql`${poolEntries.expiresAt} <= ${sql.placeholder('now')}`,
      ),
    )
    .prepare(),
);

export const listExpired = async (db: Db, pool: string, now: number) => expired(db).all({ pool, now });

const expiry = hot((db) =>
  db
    .select({ at: sql<number | null>`min(${poolEntries.expiresAt})` })
    .from(poolEntries)
    .where(and(eq(poolEntries.pool, sql.placeholder('pool')), eq(poolEntries.state, 'running')))
    .prepare(),
);

/** Epoch ms at which the next checked-out VM of the pool runs out; null without any. */
export const nextExpiry = async (db: Db, pool: string): Promise<number | null> =>
  (await expiry(db).get({ pool }))?.at ?? null;

/** Checked-out entries whose VM somebody else has deleted. */
export async function listVanished(db: Db, pool: string): Promise<readonly VmId[]> {
  const rows = await vanished(db).all({ pool });
  return rows.map(({ vm }) => vm);
}

const vanished = hot((db) =>
  db
    .select({ vm: poolEntries.vm })
    .from(poolEntries)
    .leftJoin(vms, eq(vms.id, poolEntries.vm))
    .where(and(eq(poolEntries.pool, sql.placeholder('pool')), eq(poolEntries.state, 'running'), isNull(vms.id)))
    .prepare(),
);

/** VMs that are checked out without a lifetime of their own run out so many ms after their checkout. */
export async function restampExpiry(tx: Db, pool: string, lifetimeMs: number): Promise<void> {
  await tx
    .update(poolEntries)
    .set({ expiresAt: sql`${poolEntries.checkedOutAt} + ${lifetimeMs}` })
    .where(and(eq(poolEntries.pool, pool), eq(poolEntries.state, 'running'), isNull(poolEntries.lifetimeHours)));
}

/** VMs that were checked out without a lifetime of their own have this one from now on. */
export async function keepLifetime(tx: Db, pool: string, lifetimeHours: number): Promise<void> {
  await tx
    .update(poolEntries)
    .set({ lifetimeHours })
    .where(and(eq(poolEntries.pool, pool), isNotNull(poolEntries.checkedOutAt), isNull(poolEntries.lifetimeHours)));
}
