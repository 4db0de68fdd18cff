import type { Db, Store } from '../../store/open.ts';
import { findTask, type TaskRow, updateTask } from '../../store/task.ts';
import type { CoreLog, CoreParts } from './parts.ts';

type Starter = Pick<CoreParts, 'store' | 'jobs' | 'log'>;

/** Tells the engine of an accepted task without making anyone wait; what fails is logged and left to the sweeper. */
export function startSoon(parts: Starter, task: TaskRow): void {
  // What it takes to write to the engine comes after the answer, too.
  setImmediate(() => {
    startNow(parts, task).catch((error: unknown) => logUntold(parts.log, task, error));
  });
}

/** Resolves when the engine knows of the task, also that it is to end if that was asked meanwhile, and the store knows that it does. */
export async function startNow({ store, jobs }: Omit<Starter, 'log'>, task: TaskRow): Promise<void> {
  const { id, kind, target, input, tenant } = task;
  await jobs.start({ id, kind, target, input, tenant });
  const known = await remember(store, task, { workflowStarted: true });
  if (known?.cancelRequested && !known.cancelSent) await cancelNow({ store, jobs }, task);
}

/** Resolves when the engine knows that the task is to end. */
export async function cancelNow({ store, jobs }: Omit<Starter, 'log'>, task: TaskRow): Promise<void> {
  await jobs.cancel(task.id);
  await remember(store, task, { cancelSent: true });
}

export function logUntold(log: CoreLog, task: TaskRow, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  log.warn(
    { task: task.id, kind: task.kind, reason },
    'the engine could not be told of a task: the sweeper will try again',
  );
}

// Forgotten in a power cut, it is told again, which changes nothing.
const remember = (store: Store, task: TaskRow, change: Partial<TaskRow>): Promise<TaskRow | undefined> =>
  store.write(async (tx: Db) => {
    await updateTask(tx, task.id, change);
    return findTask(tx, task.id);
  }, 'told');
