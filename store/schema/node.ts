import { integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { NodeName } from '../../domain/ids.ts';
import type { CoordinatorState, DaemonState, DomainState, HostFacts } from '../../domain/node.ts';

export const nodes = sqliteTable('nodes', {
  name: text('name').$type<NodeName>().primaryKey(),
  driver: text('driver').$type<'libvirt' | 'sim'>().notNull(),
  daemonState: text('daemon_state').$type<DaemonState>().notNull(),
  coordinatorState: text('coordinator_state').$type<CoordinatorState>().notNull(),
  domainState: text('domain_state').$type<DomainState>().notNull(),
  facts: text('facts', { mode: 'json' }).$type<HostFacts>().notNull(),
  load: real('load').notNull(),
  /** MiB. */
  memoryUsed: integer('memory_used').notNull(),
  memoryFree: integer('memory_free').notNull(),
  /** MiB that were used at the last keepalive by anything but the VMs it named as running. */
  memoryOther: integer('memory_other').notNull(),
  seenAt: integer('seen_at').notNull(),
});

/** What a node last said about a storage pool. */
export const poolCapacities = sqliteTable(
  'pool_capacities',
  {
    node: text('node')
      .$type<NodeName>()
      .notNull()
      .references(() => nodes.name, { onDelete: 'cascade' }),
    pool: text('pool').notNull(),
    /** MiB. */
    total: integer('total').notNull(),
    free: integer('free').notNull(),
  },
  (t) => [primaryKey({ columns: [t.node, t.pool] })],
);
