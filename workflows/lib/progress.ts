import { AsyncLocalStorage, setCurrentDetails } from '@temporalio/workflow';
import type { NodeName, TaskId } from '../../domain/ids.ts';
import type { Progress } from '../../domain/task.ts';

/** What travels in the headers of every activity, so that telling the task's progress costs no round trip of its own. */
export interface StepHeader extends Progress {
  readonly task: TaskId;
  /** Undoing: whatever this workflow still runs on the host is ended first. */
  readonly undo: boolean;
  /** Asked for a second time, since nobody took it up in time: an attempt may have begun before its node was lost. */
  readonly again: boolean;
}

export const STEP_HEADER = 'slipway-step';

interface Running {
  readonly task: TaskId;
  readonly total: number;
  begun: number;
  /** Every step so far, for whoever watches in the engine's UI. */
  readonly seen: { readonly name: string; mark: string }[];
  readonly lostNodes: Set<NodeName>;
}

// Context of the calls made by a task and by its steps: module state would be shared between workflows.
const tasks = new AsyncLocalStorage<Running>();
const steps = new AsyncLocalStorage<StepHeader>();

/** Runs a task's body; its steps count from one to `total`. */
export function withTask<T>(task: TaskId, total: number, body: () => Promise<T>): Promise<T> {
  return tasks.run({ task, total, begun: 0, seen: [], lostNodes: new Set() }, body);
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

async function inStep<T>(running: Running, status: string, undo: boolean, work: () => Promise<T>): Promise<T> {
  const { task, begun: current, total } = running;
  const line = { name: status, mark: '…' };
  running.seen.push(line);
  show(running);
  try {
    const value = await steps.run({ task, current, total, status, undo, again: false }, work);
    line.mark = '✓';
    return value;
  } catch (error) {
    line.mark = '✗';
    throw error;
  } finally {
    show(running);
  }
}

/** What the engine's UI shows of a workflow while it runs, and of one that has ended. */
function show({ begun, total, seen }: Running): void {
  const lines = seen.map(({ name, mark }) => `- ${mark} ${name}`);
  setCurrentDetails([`**Step ${begun} of ${total}**`, '', ...lines].join('\n'));
}

/** The step whose code is running, if one is. */
export const currentStep = (): StepHeader | undefined => steps.getStore();

/** How many steps have begun: what a step that waits says is of now, though steps beside it have higher numbers. */
export const stepsBegun = (): number => tasks.getStore()?.begun ?? 0;

/** Runs work of the step that is running; the activities that it calls tell this in addition to the step's name. */
export function saying<T>(what: string, work: () => Promise<T>): Promise<T> {
  const step = steps.getStore();
  return step ? steps.run({ ...step, status: `${step.status}: ${what}` }, work) : work();
}

/** Runs the same step's work again. */
export const anew = <T>(step: StepHeader, work: () => Promise<T>): Promise<T> =>
  steps.run({ ...step, again: true }, work);

/** Nodes that did not answer this task's undo in time: what else is to be undone there need not wait as long. */
export const lostNodes = (): Set<NodeName> => tasks.getStore()?.lostNodes ?? new Set();
