import { setTimeout as pause } from 'node:timers/promises';
import {
  DefaultLogger,
  type LogEntry,
  type NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import type { Logger } from 'pino';
import type { ControlActivities } from '../../activities/control.ts';
import type { HostActivities } from '../../activities/host.ts';
import { noteActivities } from '../../activities/note.ts';
import type { PoolActivities } from '../../activities/pool.ts';
import type { ControlPlane } from '../../domain/control-plane.ts';
import { unavailable } from '../../domain/fault.ts';
import type { NodeName } from '../../domain/ids.ts';
import { CONTROL_QUEUE, nodeQueue } from '../../domain/queues.ts';
import { BEAT_MS, stepInterceptor } from './activity-interceptor.ts';
import type { WorkflowBundle } from './bundle.ts';
import type { PayloadKey } from './codec.ts';
import { dataConverter } from './connection.ts';

export interface WorkerDeps {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly key: PayloadKey;
  readonly controlPlane: ControlPlane;
  readonly log: Logger;
  /** How long running activities may go on when the worker is told to end; then they are cancelled, and repeated when it is back. */
  readonly graceMs?: number;
}

/** A worker that runs: `ended` rejects if it fails, `stop` drains and ends it. */
export interface RunningWorker {
  readonly ended: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A worker of the queue `control`: workflows, and activities that touch the store. */
export async function controlWorker(
  deps: WorkerDeps & { readonly activities: ControlActivities & PoolActivities; readonly bundle: WorkflowBundle },
): Promise<RunningWorker> {
  return start({
    ...shared(deps),
    taskQueue: CONTROL_QUEUE,
    workflowBundle: { codePath: deps.bundle.codePath },
    stickyQueueScheduleToStartTimeout: STICKY_MS,
    workflowFailureErrorTypes: RESTARTED,
    activities: { ...deps.activities, ...noteActivities(deps.controlPlane) },
  });
}

/**
 * Workflows that fail by any error, one of a history that cannot be replayed among them, and are begun anew, rather than wait for
 * somebody to mend them: all that they do is in the store.
 */
const RESTARTED = { '*': [], keepPool: ['Error'] };

/** How many activities a node takes up at once. Most of them wait; what costs the host is limited by `concurrency` of the activities. */
const NODE_SLOTS = 1_000;

/** A workflow that a killed worker had in its cache is offered to the others after this long. */
const STICKY_MS = 3_000;

/** A worker of one node's queue. */
export async function nodeWorker(
  deps: WorkerDeps & { readonly node: NodeName; readonly activities: HostActivities },
): Promise<RunningWorker> {
  return start({
    ...shared(deps),
    taskQueue: nodeQueue(deps.node),
    activities: deps.activities,
    maxConcurrentActivityTaskExecutions: NODE_SLOTS,
  });
}

function shared(deps: WorkerDeps) {
  const graceMs = deps.graceMs ?? 3_000;
  return {
    connection: deps.connection,
    namespace: deps.namespace,
    dataConverter: dataConverter(deps.key),
    interceptors: { activity: [stepInterceptor({ controlPlane: deps.controlPlane, log: deps.log })] },
    maxHeartbeatThrottleInterval: BEAT_MS,
    defaultHeartbeatThrottleInterval: BEAT_MS,
    shutdownGraceTime: graceMs,
    // Cancelled programs get SIGKILL after 3 s; what still runs then is left to the next start.
    shutdownForceTime: graceMs + 7_000,
  } satisfies Partial<WorkerOptions>;
}

/** An engine that hangs never hears that a worker ends, and the SDK waits for it. What the worker was at is repeated, as if it had been killed. */
const UNHEARD_MS = 2_000;

async function overdue(ms: number, signal: AbortSignal): Promise<never> {
  await pause(ms, undefined, { signal });
  throw unavailable(`A worker could not end in order within ${ms / 1_000} s: Temporal does not answer.`);
}

async function start(options: WorkerOptions & { readonly shutdownForceTime: number }): Promise<RunningWorker> {
  const worker = await Worker.create(options);
  const ended = worker.run();
  return {
    ended,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      const late = new AbortController();
      try {
        await Promise.race([ended, overdue(options.shutdownForceTime + UNHEARD_MS, late.signal)]);
      } finally {
        late.abort();
      }
    },
  };
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Said of every worker that runs activities only. */
const EXPECTED = 'No workflows registered';

/** What the SDK has to say of importance, in our log. */
export const sdkLogger = (log: Logger): DefaultLogger =>
  new DefaultLogger('WARN', ({ level, message, meta }: LogEntry): void => {
    if (!message.startsWith(EXPECTED)) log[LEVELS[level]](meta ?? {}, message);
  });

/** The SDK's process-wide part: its log lines go to ours, its signals are left to us. Call once, before anything else of this folder. */
export function installRuntime(log: Logger, metricsAddress: string | null): void {
  Runtime.install({
    logger: sdkLogger(log),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: 'WARN' },
      ...(metricsAddress ? { metrics: { prometheus: { bindAddress: metricsAddress } } } : {}),
    },
  });
}
