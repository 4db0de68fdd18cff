import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { FaultKind } from '../../domain/fault.ts';
import type { TaskId, VmId } from '../../domain/ids.ts';
import type { EntryState, PoolSettings } from '../../domain/vm-pool.ts';

export const vmPools = sqliteTable('vm_pools', {
  name: text('name').primaryKey(),
  template: text('template').notNull(),
  profile: text('profile').notNull(),
  args: text('args', { mode: 'json' }).$type<readonly string[]>().notNull(),
  size: integer('size').notNull(),
  cloneTarget: text('clone_target'),
  timeoutMin: integer('timeout_min'),
  readyTtlMin: integer('ready_ttl_min'),
  maxClones: integer('max_clones'),
  lifetimeHours: integer('lifetime_hours'),
  maxLifetimeHours: integer('max_lifetime_hours'),
  probePort: integer('probe_port'),
  /** Before they were overridden at run time. */
  baseSize: integer('base_size').notNull(),
  baseTemplate: text('base_template').notNull(),
  baseCloneTarget: text('base_clone_target'),
  failures: integer('failures').notNull().default(0),
  lastError: text('last_error'),
  failedAt: integer('failed_at'),
  retryAt: integer('retry_at'),
  halted: integer('halted', { mode: 'boolean' }).notNull().default(false),
  /** When one of its VMs last became ready. */
  lastReadyAt: integer('last_ready_at'),
  createdAt: integer('created_at').notNull(),
  /** When its VMs were last given up, being made otherwise than it is. */
  drainedAt: integer('drained_at'),
});

/** An alias may belong to several pools. */
export const vmPoolAliases = sqliteTable(
  'vm_pool_aliases',
  {
    alias: text('alias').notNull(),
    pool: text('pool')
      .notNull()
      .references(() => vmPools.name, { onDelete: 'cascade' }),
    /** Place in the pool's list. */
    position: integer('position').notNull(),
  },
  (t) => [primaryKey({ columns: [t.alias, t.pool] }), index('vm_pool_alias_pool').on(t.pool)],
);

/** VMs of pools, kept for a while after they are gone: no reference holds them to their pool or VM. */
export const poolEntries = sqliteTable(
  'pool_entries',
  {
    /** What the VM's name is made of: never used twice. */
    number: integer('number').primaryKey({ autoIncrement: true }),
    vm: text('vm').$type<VmId>().notNull().unique(),
    name: text('name').notNull().unique(),
    pool: text('pool').notNull(),
    state: text('state').$type<EntryState>().notNull(),
    task: text('task').$type<TaskId>().notNull().unique(),
    request: text('request'),
    startedAt: integer('started_at').notNull(),
    clonedAt: integer('cloned_at'),
    readyAt: integer('ready_at'),
    checkedOutAt: integer('checked_out_at'),
    completedAt: integer('completed_at'),
    destroyedAt: integer('destroyed_at'),
    probedAt: integer('probed_at'),
    tokenId: text('token_id'),
    user: text('user'),
    lifetimeHours: integer('lifetime_hours'),
    expiresAt: integer('expires_at'),
    tags: text('tags', { mode: 'json' }).$type<Readonly<Record<string, string>>>().notNull(),
    reason: text('reason'),
    /** Whether it was given up before it was ready. */
    failed: integer('failed', { mode: 'boolean' }).notNull().default(false),
  },
  (t) => [
    index('pool_entry_state').on(t.pool, t.state, t.readyAt),
    index('pool_entry_token').on(t.tokenId, t.state),
    index('pool_entry_request').on(t.request),
    index('pool_entry_asked').on(t.pool, t.number).where(sql`request IS NOT NULL`),
    index('pool_entry_destroyed').on(t.state, t.destroyedAt, t.pool),
    index('pool_entry_failed').on(t.completedAt).where(sql`failed = 1`),
  ],
);

/** One row. */
export const vmPoolSettings = sqliteTable('vm_pool_settings', {
  id: integer('id').primaryKey(),
  settings: text('settings', { mode: 'json' }).$type<PoolSettings>().notNull(),
});

/** Durations of a local day, in seconds. */
export const poolDays = sqliteTable(
  'pool_days',
  {
    /** YYYY-MM-DD in local time. */
    day: text('day').notNull(),
    kind: text('kind').$type<'clone' | 'boot'>().notNull(),
    pool: text('pool').notNull(),
    count: integer('count').notNull(),
    total: real('total').notNull(),
    min: real('min').notNull(),
    max: real('max').notNull(),
  },
  (t) => [primaryKey({ columns: [t.day, t.kind, t.pool] })],
);

/** Tags by the day on which they were set: one value a VM, tag and day. */
export const poolTagDays = sqliteTable(
  'pool_tag_days',
  {
    day: text('day').notNull(),
    vm: text('vm').notNull(),
    tag: text('tag').notNull(),
    value: text('value').notNull(),
  },
  (t) => [primaryKey({ columns: [t.day, t.vm, t.tag] })],
);

/** On-demand requests. */
export const poolRequests = sqliteTable(
  'pool_requests',
  {
    id: text('id').primaryKey(),
    /** VMs by the name that was asked for, and by the pools that give them. */
    wants: text('wants', { mode: 'json' })
      .$type<readonly { readonly name: string; readonly pool: string; readonly count: number }[]>()
      .notNull(),
    state: text('state').$type<'pending' | 'ready' | 'failed' | 'deleted'>().notNull(),
    /** Why it is over; while it waits, why a VM of it was not made lately. */
    message: text('message'),
    tokenId: text('token_id'),
    user: text('user'),
    failures: integer('failures').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (t) => [index('pool_request_state').on(t.state, t.expiresAt)],
);

/** Checkouts that wait for VMs, first come first served. */
export const poolWaits = sqliteTable('pool_waits', {
  number: integer('number').primaryKey({ autoIncrement: true }),
  /** How many VMs by which name, of a pool or an alias: what that keeps from others depends on the pools as they are. */
  asked: text('pools', { mode: 'json' }).$type<Readonly<Record<string, number>>>().notNull(),
  /** Epoch milliseconds until which its API process is known to live. */
  aliveUntil: integer('alive_until').notNull(),
});

/** What the dashboard's curves are drawn of. */
export const poolHistory = sqliteTable(
  'pool_history',
  {
    pool: text('pool').notNull(),
    at: integer('at').notNull(),
    ready: integer('ready').notNull(),
    running: integer('running').notNull(),
    size: integer('size').notNull(),
  },
  (t) => [primaryKey({ columns: [t.pool, t.at] })],
);

/** VMs that could not even be begun: of each hour and kind of fault the last. Those that were begun are entries. */
export const poolFailures = sqliteTable(
  'pool_failures',
  {
    pool: text('pool').notNull(),
    /** Epoch milliseconds at which the hour began. */
    hour: integer('hour').notNull(),
    kind: text('kind').$type<FaultKind>().notNull(),
    reason: text('reason').notNull(),
    at: integer('at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.pool, t.hour, t.kind] }), index('pool_failure_at').on(t.at)],
);

/** What has happened since the pool's first day, never less: durations by the bucket that they fall into, and VMs that are gone. */
export const poolTotals = sqliteTable(
  'pool_totals',
  {
    pool: text('pool').notNull(),
    kind: text('kind').$type<'clone' | 'boot' | 'destroyed'>().notNull(),
    /** Upper bound in seconds; 0 for what is longer than all of them, or has no duration. */
    bucket: integer('bucket').notNull(),
    count: integer('count').notNull(),
    /** Seconds. */
    total: real('total').notNull(),
  },
  (t) => [primaryKey({ columns: [t.pool, t.kind, t.bucket] })],
);
