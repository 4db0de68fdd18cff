import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { TaskId } from '../../domain/ids.ts';
import type { TaskKind, TaskState } from '../../domain/task.ts';

export const tasks = sqliteTable(
  'tasks',
  {
    id: text('id').$type<TaskId>().primaryKey(),
    kind: text('kind').$type<TaskKind>().notNull(),
    target: text('target').notNull(),
    tenant: text('tenant').notNull(),
    account: text('account').notNull(),
    runOn: text('run_on').notNull(),
    state: text('state').$type<TaskState>().notNull(),
    current: integer('current').notNull(),
    total: integer('total').notNull(),
    status: text('status').notNull(),
    error: text('error'),
    /** Kind of the fault that it failed with; null unless it is one of ours. */
    fault: text('fault'),
    input: text('input', { mode: 'json' }).notNull(),
    cancelRequested: integer('cancel_requested', { mode: 'boolean' }).notNull(),
    /** Whether the engine knows of the workflow, and of the wish to end it. */
    workflowStarted: integer('workflow_started', { mode: 'boolean' }).notNull(),
    cancelSent: integer('cancel_sent', { mode: 'boolean' }).notNull(),
    createdAt: integer('created_at').notNull(),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
  },
  (t) => [index('task_created').on(t.createdAt), index('task_state').on(t.state)],
);

/** Which task a request with an idempotency key led to: one that it began, or that it joined. */
export const taskKeys = sqliteTable(
  'task_key',
  {
    account: text('account').notNull(),
    key: text('key').notNull(),
    task: text('task')
      .$type<TaskId>()
      .notNull()
      .references(() => tasks.id, { onDelete: 'cascade' }),
    /** SHA-256 in hex of the request. */
    requestHash: text('request_hash').notNull(),
  },
  (t) => [primaryKey({ columns: [t.account, t.key, t.task] })],
);

export const taskLog = sqliteTable(
  'task_log',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    task: text('task')
      .$type<TaskId>()
      .notNull()
      .references(() => tasks.id, { onDelete: 'cascade' }),
    at: integer('at').notNull(),
    step: text('step').notNull(),
    text: text('text').notNull(),
  },
  (t) => [index('task_log_task').on(t.task, t.seq)],
);
