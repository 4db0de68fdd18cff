import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { currentAttempt } from '../../../activities/attempt.ts';
import type { Activities } from './world.ts';

/** One call of an activity as tests name it: `ensureVolume:sda`, and `#2` for a second one of the same task. */
export interface Call {
  readonly label: string;
  readonly workflow: string;
  /** Whether it runs on a node, where a cancellation reaches it while it works. */
  readonly onNode: boolean;
}

/** Stands around every call: does the work, or something else. */
export type Around = (call: Call, work: () => Promise<unknown>) => Promise<unknown>;

/** Lets tests stand between the workers and the real activities. */
export function tamper() {
  let around: Around = (_, work) => work();
  const calls: Call[] = [];
  const seen = new Map<string, number>();

  const wrap = <T extends object>(activities: T, onNode: boolean): T =>
    Object.fromEntries(
      Object.entries(activities as Record<string, (...args: unknown[]) => Promise<unknown>>).map(([name, work]) => [
        name,
        (...args: unknown[]) => {
          const { attempt, workflowExecution } = Context.current().info;
          const workflow = workflowExecution?.workflowId ?? '';
          const plain = nameOf(name, args);
          const key = `${workflow} ${plain}`;
          const count = (seen.get(key) ?? 0) + (attempt === 1 ? 1 : 0);
          seen.set(key, count);
          const call: Call = { label: count > 1 ? `${plain}#${count}` : plain, workflow, onNode };
          calls.push(call);
          return around(call, () => work(...args));
        },
      ]),
    ) as T;

  return {
    wrap,
    calls,
    /** Runs `body` with this around every call, and nothing after it. */
    during: async <T>(next: Around, body: () => Promise<T>): Promise<T> => {
      around = next;
      try {
        return await body();
      } finally {
        around = (_, work) => work();
      }
    },
  };
}

export type Tamper = ReturnType<typeof tamper>;

/** By what tells two calls of one task apart: the disk, the node's network. */
function nameOf(name: keyof Activities | string, args: readonly unknown[]): string {
  const [first] = args as readonly [{ readonly diskId?: string } | undefined];
  return typeof first === 'object' && first?.diskId ? `${name}:${first.diskId}` : name;
}

/** Where an activity is struck, and how. `during`: it learns of the cancellation, and has its effect all the same. */
export const TROUBLES = ['fail before', 'fail after', 'cancel before', 'cancel during', 'cancel after'] as const;
export type Trouble = (typeof TROUBLES)[number];

/** Strikes the call of this label, of this task only, and only once. */
export function strike(label: string, trouble: Trouble, cancel: () => Promise<void>): Around {
  let struck = false;
  return async (call, work) => {
    if (call.label !== label || struck) return work();
    struck = true;
    if (trouble === 'fail before') throw injected(label);
    if (trouble.startsWith('cancel') && trouble !== 'cancel after') await cancel();
    if (trouble === 'cancel during' && call.onNode) await aborted(currentAttempt().signal);
    const value = await work();
    if (trouble === 'fail after') throw injected(label);
    if (trouble === 'cancel after') await cancel();
    return value;
  };
}

export const INJECTED = 'struck by the test';
/** A failure that is not tried again. */
export const INJECTED_FAILURE = () => injected('It');
const injected = (label: string) => ApplicationFailure.nonRetryable(`${label} was ${INJECTED}.`, 'internal');

/** Holds the call of this label until its attempt is ended, and does nothing of it. */
export const untilEnded =
  (label: string, reached: () => void): Around =>
  async (call, work) => {
    if (call.label !== label) return work();
    reached();
    const { signal } = currentAttempt();
    await aborted(signal);
    throw signal.reason;
  };

export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
