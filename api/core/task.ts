import type { Principal } from '../../domain/principal.ts';
import type { LogLine, Task } from '../../domain/task.ts';

export type TaskEvent =
  | { readonly type: 'task'; readonly task: Task }
  | { readonly type: 'log'; readonly seq: number; readonly line: LogLine };

export interface TaskService {
  /** Newest first; only those not ended with `active`. */
  list(who: Principal, filter: { readonly active: boolean; readonly limit: number }): Promise<readonly Task[]>;
  /** 'not-found' for an unknown id. */
  get(who: Principal, id: string): Promise<Task>;
  /** Asks for the task to be undone; success if it has ended already. */
  cancel(who: Principal, id: string): Promise<Task>;
  log(who: Principal, id: string): Promise<readonly { readonly seq: number; readonly line: LogLine }[]>;
  /** From the task as it is now (and log lines after `afterSeq`) to its end; woken by changes of the store. Ends when aborted. */
  events(who: Principal, id: string, afterSeq: number, signal: AbortSignal): AsyncIterable<TaskEvent>;
  /** Resolves with the task when it has ended. */
  ended(who: Principal, id: string, signal: AbortSignal): Promise<Task>;
}
