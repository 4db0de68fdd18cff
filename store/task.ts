import { and, asc, count, desc, eq, gt, inArray, lte, notExists, notInArray, or, type SQL, sql } from 'drizzle-orm';
import type { TaskId } from '../domain/ids.ts';
import {
  type LogLine,
  type Progress,
  TASK_FINAL,
  TASK_STATES,
  type Task,
  type TaskKind,
  type TaskState,
} from '../domain/task.ts';
import { among, hot, hotInsert, hotUpdate } from './hot.ts';
import type { Db } from './open.ts';
import { vmOperations } from './schema/snapshot.ts';
import { taskLog, tasks } from './schema/task.ts';

export type TaskRow = typeof tasks.$inferSelect;

export function toTask(row: TaskRow): Task {
  const { id, kind, target, state, tenant, runOn, error, cancelRequested, current, total, status } = row;
  const { createdAt, startedAt, finishedAt } = row;
  return {
    ...{ id, kind, target, state, tenant, runOn, error, cancelRequested, current, total, status },
    ...{ createdAt, startedAt, finishedAt },
  };
}

export interface NewTask {
  readonly id: TaskId;
  readonly kind: TaskKind;
  readonly target: string;
  readonly tenant: string;
  readonly account: string;
  readonly runOn: string;
  readonly input: unknown;
  readonly workflowStarted: boolean;
}

const byId = hot((db) =>
  db
    .select()
    .from(tasks)
    .where(eq(tasks.id, sql.placeholder('id')))
    .prepare(),
);

const advance = hot((db) =>
  db
    .update(tasks)
    .set({
      current: sql`${sql.placeholder('current')}`,
      total: sql`${sql.placeholder('total')}`,
      status: sql`${sql.placeholder('status')}`,
    })
    .where(
      and(
        eq(tasks.id, sql.placeholder('id')),
        lte(tasks.current, sql.placeholder('current')),
        notInArray(tasks.state, [...TASK_FINAL]),
      ),
    )
    .prepare(),
);

const insert = hotInsert(tasks);

export async function insertTask(tx: Db, task: NewTask): Promise<TaskRow> {
  const fresh = { state: 'PENDING', current: 0, total: 1, status: 'Accepted.', createdAt: Date.now() } as const;
  const none = { startedAt: null, finishedAt: null, error: null, fault: null };
  const row: TaskRow = { ...task, ...fresh, ...none, cancelRequested: false, cancelSent: false };
  insert(tx, row);
  return row;
}

export const findTask = async (db: Db, id: TaskId): Promise<TaskRow | undefined> => byId(db).get({ id });

/** Newest first. */
export async function listTasks(
  db: Db,
  filter: { readonly tenant?: string | undefined; readonly active: boolean; readonly limit: number },
): Promise<readonly TaskRow[]> {
  const conditions: SQL[] = [];
  if (filter.tenant !== undefined) conditions.push(eq(tasks.tenant, filter.tenant));
  if (filter.active) conditions.push(inArray(tasks.state, ['PENDING', 'RUNNING']));
  return db
    .select()
    .from(tasks)
    .where(and(...conditions))
    .orderBy(desc(tasks.createdAt), desc(tasks.id))
    .limit(filter.limit);
}

const update = hotUpdate(tasks, tasks.id);

export async function updateTask(tx: Db, id: TaskId, change: Partial<Omit<TaskRow, 'id'>>): Promise<void> {
  update(tx, id, change);
}

/** Changes nothing where the task is further on, or ended. */
export async function advanceTask(tx: Db, id: TaskId, progress: Progress): Promise<void> {
  const { current, total, status } = progress;
  await advance(tx).run({ id, current, total, status });
}

/** Leaves the task where it is; changes nothing where it has ended. */
export async function remarkTask(tx: Db, id: TaskId, status: string): Promise<void> {
  await tx
    .update(tasks)
    .set({ status })
    .where(and(eq(tasks.id, id), notInArray(tasks.state, [...TASK_FINAL])));
}

/** Tasks accepted before `before` that the engine was not told of: to be started, or to be cancelled. None that waits in a queue. */
export const listUntold = async (db: Db, before: number): Promise<readonly TaskRow[]> =>
  db
    .select()
    .from(tasks)
    .where(
      and(
        inArray(tasks.state, ['PENDING', 'RUNNING']),
        notExists(db.select({ task: vmOperations.task }).from(vmOperations).where(eq(vmOperations.task, tasks.id))),
        or(
          and(eq(tasks.workflowStarted, false), lte(tasks.createdAt, before)),
          and(eq(tasks.cancelRequested, true), eq(tasks.cancelSent, false)),
        ),
      ),
    )
    .orderBy(asc(tasks.createdAt));

export async function appendTaskLog(tx: Db, task: TaskId, lines: readonly LogLine[]): Promise<void> {
  if (lines.length > 0) await tx.insert(taskLog).values(lines.map((line) => ({ task, ...line })));
}

const logAfter = hot((db) =>
  db
    .select()
    .from(taskLog)
    .where(and(eq(taskLog.task, sql.placeholder('task')), gt(taskLog.seq, sql.placeholder('seq'))))
    .orderBy(asc(taskLog.seq))
    .limit(sql.placeholder('limit'))
    .prepare(),
);

/** In order, at most `limit` after this one. */
export async function taskLogAfter(
  db: Db,
  task: TaskId,
  seq: number,
  limit: number,
): Promise<readonly { readonly seq: number; readonly line: LogLine }[]> {
  return logAfter(db)
    .all({ task, seq, limit })
    .map(({ seq, at, step, text }) => ({ seq, line: { at, step, text } }));
}

const marks = hot((db) =>
  db
    .select({
      id: tasks.id,
      mark: sql<string>`json_array(${tasks.state}, ${tasks.current}, ${tasks.total}, ${tasks.status}, ${tasks.cancelRequested},
        ${tasks.runOn}, ${tasks.startedAt}, (select max(${taskLog.seq}) from ${taskLog} where ${taskLog.task} = ${tasks.id}))`,
    })
    .from(tasks)
    .where(among(tasks.id, 'ids'))
    .prepare(),
);

/** By task, a text that is another whenever something of it has changed, or its log has grown. */
export const marksOf = async (db: Db, ids: readonly TaskId[]): Promise<ReadonlyMap<string, string>> =>
  new Map((await marks(db).all({ ids: JSON.stringify(ids) })).map(({ id, mark }) => [id, mark]));

const counted = hot((db) =>
  db.select({ state: tasks.state, count: count() }).from(tasks).groupBy(tasks.state).prepare(),
);

/** How many tasks there are in each state. */
export async function countTasks(db: Db): Promise<Readonly<Record<TaskState, number>>> {
  const zero = Object.fromEntries(TASK_STATES.map((state) => [state, 0])) as Record<TaskState, number>;
  return Object.assign(zero, Object.fromEntries((await counted(db).all()).map((row) => [row.state, row.count])));
}

/** Tasks that the engine was told of before `before` and that have not ended, oldest first. */
export const listUnended = async (db: Db, before: number): Promise<readonly TaskRow[]> =>
  db
    .select()
    .from(tasks)
    .where(
      and(inArray(tasks.state, ['PENDING', 'RUNNING']), eq(tasks.workflowStarted, true), lte(tasks.createdAt, before)),
    )
    .orderBy(asc(tasks.createdAt));
