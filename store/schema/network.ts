import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { TaskId, Vni } from '../../domain/ids.ts';

export const networks = sqliteTable('networks', {
  vni: integer('vni').$type<Vni>().primaryKey(),
  description: text('description').notNull(),
  type: text('type').$type<'managed' | 'bridged'>().notNull(),
  mtu: integer('mtu'),
  domain: text('domain'),
  nameServers: text('name_servers', { mode: 'json' }).$type<readonly string[]>().notNull(),
  ip4Network: text('ip4_network'),
  ip4Gateway: text('ip4_gateway'),
  dhcpStart: text('dhcp_start'),
  dhcpEnd: text('dhcp_end'),
  nat: integer('nat', { mode: 'boolean' }).notNull(),
  /** Task that is removing it. */
  removing: text('removing').$type<TaskId>(),
});
