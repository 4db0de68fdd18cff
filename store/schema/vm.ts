import { sql } from 'drizzle-orm';
import { blob, index, integer, primaryKey, sqliteTable, text, unique, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { Mac, NodeName, Sha256, TaskId, VmId, Vni } from '../../domain/ids.ts';
import type { MiB } from '../../domain/units.ts';
import type { Selector, VmState } from '../../domain/vm.ts';
import { networks } from './network.ts';

export const vms = sqliteTable(
  'vms',
  {
    id: text('id').$type<VmId>().primaryKey(),
    name: text('name').notNull(),
    tenant: text('tenant').notNull(),
    state: text('state').$type<Exclude<VmState, 'absent'>>().notNull(),
    node: text('node').$type<NodeName>().notNull(),
    lastNode: text('last_node').$type<NodeName>(),
    failedReason: text('failed_reason'),
    profile: text('profile'),
    description: text('description').notNull(),
    memory: integer('memory').$type<MiB>().notNull(),
    vcpus: integer('vcpus').notNull(),
    nodeLimit: text('node_limit', { mode: 'json' }).$type<readonly NodeName[]>(),
    selector: text('selector').$type<Selector>().notNull(),
    autostart: integer('autostart', { mode: 'boolean' }).notNull(),
    migrationMethod: text('migration_method'),
    migrationMaxDowntimeMs: integer('migration_max_downtime_ms'),
    serial: integer('serial', { mode: 'boolean' }).notNull(),
    vnc: text('vnc'),
    xml: text('xml'),
    defined: integer('defined', { mode: 'boolean' }).notNull().default(false),
    createdAt: integer('created_at').notNull(),
    /** Task that is changing it; nothing else may. */
    changing: text('changing').$type<TaskId>(),
    /** Of a creation: whether its node works on it by now, or on as many others as it is to; null when it does not need its node. */
    turn: text('turn').$type<'waiting' | 'called' | 'going'>(),
    /** Epoch milliseconds since when nothing has been changing it. */
    restingSince: integer('resting_since').notNull().default(0),
    scriptSha256: text('script_sha256').$type<Sha256>(),
    userdataSha256: text('userdata_sha256').$type<Sha256>(),
    args: text('args', { mode: 'json' }).$type<Readonly<Record<string, string>>>().notNull(),
  },
  (t) => [
    uniqueIndex('vm_name').on(sql`lower(${t.name})`),
    index('vm_node').on(t.node),
    index('vm_changing').on(t.changing),
  ],
);

export const nics = sqliteTable(
  'nics',
  {
    vm: text('vm')
      .$type<VmId>()
      .notNull()
      .references(() => vms.id, { onDelete: 'cascade' }),
    index: integer('idx').notNull(),
    vni: integer('vni')
      .$type<Vni>()
      .notNull()
      .references(() => networks.vni),
    mac: text('mac').$type<Mac>().notNull().unique(),
    ip: text('ip'),
    hostname: text('hostname').notNull(),
  },
  (t) => [primaryKey({ columns: [t.vm, t.index] }), unique('nic_ip').on(t.vni, t.ip), index('nic_by_ip').on(t.ip)],
);

/** The last part of a VM's console log. */
export const consoles = sqliteTable('consoles', {
  vm: text('vm')
    .$type<VmId>()
    .primaryKey()
    .references(() => vms.id, { onDelete: 'cascade' }),
  /** Byte after the last one kept, as they were counted when the log's node handed it on: so nothing is kept twice. */
  end: integer('end').notNull(),
  tail: blob('tail', { mode: 'buffer' }).notNull(),
});
