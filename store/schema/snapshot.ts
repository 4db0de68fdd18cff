import { index, integer, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core';
import type { SnapshotId, TaskId, VmId } from '../../domain/ids.ts';
import type { OperationArgument, OperationKind } from '../../domain/operation.ts';
import type { SnapshotState } from '../../domain/snapshot.ts';
import { tasks } from './task.ts';
import { vms } from './vm.ts';

export const vmSnapshots = sqliteTable(
  'vm_snapshots',
  {
    id: text('id').$type<SnapshotId>().primaryKey(),
    vm: text('vm')
      .$type<VmId>()
      .notNull()
      .references(() => vms.id, { onDelete: 'cascade' }),
    name: text('name'),
    state: text('state').$type<SnapshotState>().notNull(),
    failedReason: text('failed_reason'),
    createdAt: integer('created_at').notNull(),
    readyAt: integer('ready_at'),
  },
  (t) => [unique('snapshot_name').on(t.vm, t.name)],
);

/** What was asked of a VM and waits until it is free: the task's row is there, its workflow is not begun. */
export const vmOperations = sqliteTable(
  'vm_operations',
  {
    /** The order of asking. */
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    task: text('task')
      .$type<TaskId>()
      .notNull()
      .unique()
      .references(() => tasks.id, { onDelete: 'cascade' }),
    vm: text('vm')
      .$type<VmId>()
      .notNull()
      .references(() => vms.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<OperationKind>().notNull(),
    argument: text('argument', { mode: 'json' }).$type<OperationArgument>().notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (t) => [index('operation_vm').on(t.vm, t.seq)],
);
