import { AsyncLocalStorage, setCurrentDetails } from '@temporalio/workflow';
import type { TaskId } from '../../domain/ids.ts';
import type { Progress } from '../../domain/task.ts';

/** What travels in the headers of every activity, so that telling the task's progress costs no round trip of its own. */
export interface StepHeader extends Progress {
  readonly task: TaskId;
  /** Undoing: whatever this workflow still runs on the host is ended first. */
  readonly undo: boolean;
}

export const STEP_HEADER = 'slipway-step';

interface Running {
  readonly task: TaskId;
  readonly total: number;
  begun: number;
}

// Context of the calls made by a task and by its steps: module state would be shared between workflows.
const tasks = new AsyncLocalStorage<Running>();
const steps = new AsyncLocalStorage<StepHeader>();

/** Runs a task's body; its steps count from one to `total`. */
export function withTask<T>(task: TaskId, total: number, body: () => Promise<T>): Promise<T> {
  return tasks.run({ task, total, begun: 0 }, body);
}

/** Runs a step of the task; the activities that it calls carry its name and number. */
export function beginStep<T>(name: string, forward: () => Promise<T>): Promise<T> {
  const running = tasks.getStore();
  if (!running) return forward();
  running.begun += 1;
  return inStep(running, name, false, forward);
}

/** Runs the undo of a step; the count of steps begun stays where it was. */
export function undoStep<T>(name: string, undo: () => Promise<T>): Promise<T> {
  const running = tasks.getStore();
  return running ? inStep(running, `undo ${name}`, true, undo) : undo();
}

function inStep<T>(running: Running, status: string, undo: boolean, work: () => Promise<T>): Promise<T> {
  const header = { task: running.task, current: running.begun, total: running.total, status, undo };
  setCurrentDetails(`**${status}** (step ${running.begun} of ${running.total})`);
  return steps.run(header, work);
}

/** The step whose code is running, if one is. */
export const currentStep = (): StepHeader | undefined => steps.getStore();
