import type { TaskId } from './ids.ts';
import type { TaskKind } from './task.ts';

/** What the core asks of the workflow engine. */
export interface Jobs {
  /** Starts the task's workflow; asking twice starts one. Rejects when the engine cannot be reached: the sweeper asks again. */
  start(task: {
    readonly id: TaskId;
    readonly kind: TaskKind;
    readonly target: string;
    readonly input: unknown;
    /** Owner, for the engine's own lists; the default tenant unless told. */
    readonly tenant?: string;
  }): Promise<void>;
  /** Asks the workflow to end and undo; success if it has ended already. */
  cancel(task: TaskId): Promise<void>;
  /** A VM pool's keeper takes a turn now; it begins to if it does not run. */
  wakePool(pool: string): Promise<void>;
  /** Every pool's keeper is woken so often, from now on. */
  schedulePools(everyMs: number): Promise<void>;
  /** How the workflow ended, in a word for people ('terminated', 'unknown', …); null while it goes on. */
  fate(task: TaskId): Promise<string | null>;
}
