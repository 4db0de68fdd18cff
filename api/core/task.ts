import { notFound } from '../../domain/fault.ts';
import type { TaskId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import { type LogLine, TASK_FINAL, type Task, vmOfInput } from '../../domain/task.ts';
import type { Db, Store } from '../../store/open.ts';
import { revokeQueued } from '../../store/queue.ts';
import { findTask, listTasks, marksOf, type TaskRow, taskLogAfter, toTask, updateTask } from '../../store/task.ts';
import { mustAct, seenTenant, sees } from './authorize.ts';
import { mustOwnVm } from './get-vm.ts';
import type { CoreParts } from './parts.ts';
import { perCommit } from './per-commit.ts';
import { cancelNow, logUntold } from './start.ts';
import { mustBeKept } from './vm-pool/own.ts';

export type TaskEvent =
  | { readonly type: 'task'; readonly task: Task }
  | { readonly type: 'log'; readonly seq: number; readonly line: LogLine };

export interface TaskService {
  /** Newest first; only those not ended with `active`. */
  list(who: Principal, filter: { readonly active: boolean; readonly limit: number }): Promise<readonly Task[]>;
  /** 'not-found' for an unknown id. */
  get(who: Principal, id: string): Promise<Task>;
  /** Asks for the task to be undone; success if it has ended already. 'conflict' for the deletion of a pool's VM that was given back. */
  cancel(who: Principal, id: string): Promise<Task>;
  log(who: Principal, id: string): Promise<readonly { readonly seq: number; readonly line: LogLine }[]>;
  /** From the task as it is now (and log lines after `afterSeq`) to its end; woken by changes of the store. Ends when aborted. */
  events(who: Principal, id: string, afterSeq: number, signal: AbortSignal): AsyncIterable<TaskEvent>;
  /** Resolves with the task when it has ended. */
  ended(who: Principal, id: string, signal: AbortSignal): Promise<Task>;
}

/** Log lines read at once. */
const LOG_PAGE = 1_000;

/** Tasks of the asker's tenant; those of all tenants for administrators. */
export function taskService(parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>): TaskService {
  const { store } = parts;
  const watched = watchedTasks(store);
  const service: TaskService = {
    list: async (who, { active, limit }) =>
      (await listTasks(store.read, { tenant: seenTenant(who), active, limit })).map(toTask),
    get: async (who, id) => toTask(await getTask(store.read, who, id)),
    cancel: async (who, id) => {
      mustAct(who);
      const task = await store.write(async (tx) => {
        const known = await getTask(tx, who, id);
        if (TASK_FINAL.includes(known.state) || known.cancelRequested) return known;
        await mustCancel(tx, who, known);
        // Nothing of it has begun.
        if (await revokeQueued(tx, known.id)) return getTask(tx, who, id);
        await updateTask(tx, known.id, { cancelRequested: true });
        return { ...known, cancelRequested: true };
      });
      // The engine cannot end what it does not know yet: the sweeper starts it first.
      if (task.workflowStarted && !task.cancelSent && !TASK_FINAL.includes(task.state))
        cancelNow(parts, task).catch((error: unknown) => logUntold(parts.log, task, error));
      return toTask(task);
    },
    log: async (who, id) => {
      const task = await getTask(store.read, who, id);
      return logFrom(store.read, task.id, 0);
    },
    events: (who, id, afterSeq, signal) =>
      watched.watch(id as TaskId, (mark) => watchTask(store, who, id, afterSeq, signal, mark)),
    ended: async (who, id, signal) => {
      for (;;) {
        const seen = store.changes.seen();
        const task = await service.get(who, id);
        if (TASK_FINAL.includes(task.state)) return task;
        signal.throwIfAborted();
        await store.changes.after(seen, signal);
      }
    },
  };
  return service;
}

/**
 * A pool's VM is whose it was checked out by, and so is what is done with it, but for the deletion of what was given back: whoever ended
 * that again and again would have the VM for ever.
 */
async function mustCancel(db: Db, who: Principal, { kind, input }: TaskRow): Promise<void> {
  const vm = vmOfInput(input);
  if (vm === undefined) return;
  await mustOwnVm(db, who, vm);
  if (kind === 'vm.delete') await mustBeKept(db, vm);
}

/** The row, or not-found: other tenants' tasks do not exist. */
async function getTask(db: Db, who: Principal, id: string): Promise<TaskRow> {
  const task = await findTask(db, id as TaskId);
  if (!task || !sees(who, task)) throw notFound('task', id);
  return task;
}

async function logFrom(db: Db, task: TaskId, afterSeq: number) {
  const lines: { readonly seq: number; readonly line: LogLine }[] = [];
  for (;;) {
    const page = await taskLogAfter(db, task, lines.at(-1)?.seq ?? afterSeq, LOG_PAGE);
    lines.push(...page);
    if (page.length < LOG_PAGE) return lines;
  }
}

/** Asks for all tasks that are watched at once whether they have changed: each commit wakes everybody who watches one. */
function watchedTasks(store: Store) {
  const watchers = new Map<TaskId, number>();
  const marks = perCommit(store, () => marksOf(store.read, [...watchers.keys()]));
  return {
    /** Runs a generator that may ask for the task's mark; undefined while it is not known. */
    watch: async function* <T>(id: TaskId, work: (mark: Mark) => AsyncGenerator<T>): AsyncGenerator<T> {
      watchers.set(id, (watchers.get(id) ?? 0) + 1);
      try {
        yield* work(async () => (await marks()).get(id));
      } finally {
        const others = (watchers.get(id) ?? 1) - 1;
        if (others > 0) watchers.set(id, others);
        else watchers.delete(id);
      }
    },
  };
}

type Mark = () => Promise<string | undefined>;

async function* watchTask(
  store: Store,
  who: Principal,
  id: string,
  afterSeq: number,
  signal: AbortSignal,
  mark: Mark,
): AsyncGenerator<TaskEvent> {
  let told = '';
  let seq = afterSeq;
  let known: string | undefined;
  while (!signal.aborted) {
    const seen = store.changes.seen();
    // Read before the rest: what comes meanwhile changes the next one.
    const now = await mark();
    if (now === undefined || now !== known) {
      known = now;
      const task = toTask(await getTask(store.read, who, id));
      // Read after the task: once it has ended, nothing is written that was not here.
      for (const entry of await logFrom(store.read, task.id, seq)) {
        seq = entry.seq;
        yield { type: 'log', ...entry };
      }
      const text = JSON.stringify(task);
      if (text !== told) yield { type: 'task', task };
      told = text;
      if (TASK_FINAL.includes(task.state)) return;
    }
    await store.changes.after(seen, signal);
  }
}
