import { index, integer, primaryKey, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core';
import type { BaseKey, NodeName, Sha256, TaskId, VmId, VolumeId } from '../../domain/ids.ts';
import type { MiB } from '../../domain/units.ts';
import type { Disk, Fill } from '../../domain/volume.ts';
import { vms } from './vm.ts';

export const storagePools = sqliteTable('storage_pools', {
  name: text('name').primaryKey(),
  driver: text('driver').$type<'local' | 'sim'>().notNull(),
  config: text('config', { mode: 'json' }).$type<Readonly<Record<string, string>>>().notNull(),
});

/** Volumes may outlive their VM. */
export const volumes = sqliteTable(
  'volumes',
  {
    pool: text('pool')
      .notNull()
      .references(() => storagePools.name),
    volume: text('volume').$type<VolumeId>().notNull(),
    name: text('name').notNull(),
    tenant: text('tenant').notNull(),
    node: text('node').$type<NodeName>().notNull(),
    vm: text('vm')
      .$type<VmId>()
      .references(() => vms.id, { onDelete: 'set null' }),
    diskId: text('disk_id').notNull(),
    size: integer('size').$type<MiB>().notNull(),
    fill: text('fill', { mode: 'json' }).$type<Fill>().notNull(),
    /** The volume it was cloned from, to be asked by. */
    source: text('source').$type<VolumeId>(),
    filesystem: text('filesystem'),
    filesystemArgs: text('filesystem_args', { mode: 'json' }).$type<readonly string[]>().notNull(),
    mountpoint: text('mountpoint'),
    /** Task that is removing it. */
    removing: text('removing').$type<TaskId>(),
    /** Epoch milliseconds when its VM was given it; null for disks that the VM was made with. */
    addedAt: integer('added_at'),
  },
  (t) => [
    primaryKey({ columns: [t.pool, t.volume] }),
    unique('volume_name').on(t.pool, t.name),
    index('volume_vm').on(t.vm),
    index('volume_source').on(t.pool, t.source),
  ],
);

/** How a base image is made: kept so that a build needs nothing but the key. */
export const baseRecipes = sqliteTable('base_recipes', {
  key: text('key').$type<BaseKey>().primaryKey(),
  scriptSha256: text('script_sha256').$type<Sha256>().notNull(),
  args: text('args', { mode: 'json' }).$type<Readonly<Record<string, string>>>().notNull(),
  disks: text('disks', { mode: 'json' }).$type<readonly Disk[]>().notNull(),
});

export const baseImages = sqliteTable(
  'base_images',
  {
    key: text('key')
      .$type<BaseKey>()
      .notNull()
      .references(() => baseRecipes.key),
    node: text('node').$type<NodeName>().notNull(),
    state: text('state').$type<'building' | 'ready' | 'removing'>().notNull(),
    /** Task that builds it, built it, or removes it. */
    build: text('build').$type<TaskId>().notNull(),
    /** The workflow that was told to start the build. */
    builder: text('builder').notNull(),
    usedAt: integer('used_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.node] })],
);

/** Workflows that wait for a base image's build. */
export const baseWaiters = sqliteTable(
  'base_waiters',
  {
    key: text('key').$type<BaseKey>().notNull(),
    node: text('node').$type<NodeName>().notNull(),
    waiter: text('waiter').notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.node, t.waiter] }), index('base_waiter').on(t.waiter)],
);
