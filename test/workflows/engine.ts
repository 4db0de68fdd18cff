import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ActivityFailure,
  type ActivityOptions,
  ApplicationFailure,
  CancelledFailure,
  type RetryState,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { msOptionalToNumber } from '@temporalio/common/lib/time.js';

/** The workflow engine as far as plain functions need it: activities are calls of `dispatch`, cancellation is a flag of a scope. */

/** `cancelled`: the call was made, but the engine does not carry it out. `startMs`: how long it may wait for a worker. */
type Dispatch = (
  name: string,
  args: readonly unknown[],
  cancelled: boolean,
  startMs: number | undefined,
) => Promise<unknown>;

const scopes = new AsyncLocalStorage<CancellationScope>();
const dispatches = new AsyncLocalStorage<Dispatch>();

class CancellationScope {
  private cancelled = false;
  readonly cancellable: boolean;
  readonly parent: CancellationScope | undefined = scopes.getStore();
  constructor(options: { readonly cancellable?: boolean } = {}) {
    this.cancellable = options.cancellable ?? true;
  }
  get consideredCancelled(): boolean {
    return this.cancellable && (this.cancelled || (this.parent?.consideredCancelled ?? false));
  }
  cancel(): void {
    this.cancelled = true;
  }
  run<T>(fn: () => Promise<T>): Promise<T> {
    return scopes.run(this, fn);
  }
  static cancellable<T>(fn: () => Promise<T>): Promise<T> {
    return new CancellationScope().run(fn);
  }
  static nonCancellable<T>(fn: () => Promise<T>): Promise<T> {
    return new CancellationScope({ cancellable: false }).run(fn);
  }
}

/** Runs a workflow as a plain function; `cancel` asks it to end. */
export function runPlain(
  dispatch: Dispatch,
  workflow: () => Promise<void>,
): { done: Promise<void>; cancel: () => void } {
  const root = new CancellationScope();
  return { done: dispatches.run(dispatch, () => root.run(workflow)), cancel: () => root.cancel() };
}

export const isCancellation = (error: unknown): boolean =>
  error instanceof CancelledFailure || (error instanceof ActivityFailure && error.cause instanceof CancelledFailure);

/** What the server says of an activity that failed with this. */
export const failed = (activity: string, retryState: RetryState, cause: Error): ActivityFailure =>
  new ActivityFailure('Activity task failed', activity, '1', retryState, 'hv1', cause);

/** What the server says of an activity that no worker asked for in time. */
export const notTakenUp = (activity: string): ActivityFailure =>
  failed(activity, 'TIMEOUT', new TimeoutFailure('activity ScheduleToStart timeout', undefined, 'SCHEDULE_TO_START'));

/** What the server says of an activity that was told to end, whose worker was lost before it had ended it. */
export const lostWhileCancelled = (activity: string): ActivityFailure =>
  failed(activity, 'CANCEL_REQUESTED', new TimeoutFailure('activity Heartbeat timeout', undefined, 'HEARTBEAT'));

async function call(name: string, args: readonly unknown[], options: ActivityOptions): Promise<unknown> {
  const dispatch = dispatches.getStore();
  if (!dispatch) throw new Error('bug: no world');
  const startMs = msOptionalToNumber(options.scheduleToStartTimeout);
  return dispatch(name, args, scopes.getStore()?.consideredCancelled ?? false, startMs);
}

const proxy = (options: ActivityOptions): unknown =>
  new Proxy(
    {},
    {
      get:
        (_, name: string) =>
        (...args: unknown[]) =>
          call(name, args, options),
    },
  );

/** Stands in for '@temporalio/workflow'. */
export const engine = {
  AsyncLocalStorage,
  CancellationScope,
  ApplicationFailure,
  CancelledFailure,
  TemporalFailure,
  isCancellation,
  proxyActivities: proxy,
  proxyLocalActivities: proxy,
  patched: () => true,
  setCurrentDetails: () => undefined,
  log: { error: () => undefined, info: () => undefined, warn: () => undefined },
  defineSignal: (name: string) => ({ type: 'signal', name }),
  setHandler: () => undefined,
  workflowInfo: () => ({ workflowId: 'task:plain' }),
  getExternalWorkflowHandle: () => ({ signal: async () => undefined, cancel: async () => undefined }),
  condition: async () => true,
  ParentClosePolicy: { ABANDON: 'ABANDON' },
};
