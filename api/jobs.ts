import {
  type Client,
  isGrpcServiceError,
  NamespaceNotFoundError,
  ScheduleAlreadyRunning,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { unavailable } from '../domain/fault.ts';
import type { Jobs } from '../domain/jobs.ts';
import { keeperId, WAKE_SIGNAL } from '../domain/pool-keeper.ts';
import { DEFAULT_TENANT } from '../domain/principal.ts';
import { CONTROL_QUEUE, readable, type SEARCH_ATTRIBUTES } from '../domain/queues.ts';
import { type TaskKind, WORKFLOW_OF, workflowId } from '../domain/task.ts';

type JobRequest = Parameters<Jobs['start']>[0];

/** A client of the engine. */
export interface JobsClient {
  readonly client: Client;
  /** Whether a control worker shares its connection: what is started is handed to that at once, and a dispatch less is waited for. */
  readonly near: boolean;
}

/** Tasks as Temporal workflows, one per task id, whoever asks and how often. */
export function temporalJobs({ client, near }: JobsClient): Jobs {
  return {
    start: async (task) => {
      const { id, kind, target, input } = task;
      try {
        await client.workflow.start(WORKFLOW_OF[kind], {
          workflowId: workflowId(id),
          taskQueue: CONTROL_QUEUE,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          workflowTaskTimeout: TURN_TIMEOUT,
          requestEagerStart: near,
          staticSummary: readable(summary(kind, target)),
          staticDetails: readable(`Task \`${id}\` of kind \`${kind}\` for **${target}**`),
          typedSearchAttributes: searchAttributes(task),
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw unreachable(error);
      }
    },

    cancel: async (task) => {
      try {
        await client.workflow.getHandle(workflowId(task)).cancel();
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw unreachable(error);
      }
    },

    wakePool: async (pool) => {
      try {
        await client.workflow.signalWithStart('keepPool', {
          workflowId: keeperId(pool),
          taskQueue: CONTROL_QUEUE,
          args: [{ pool }],
          workflowTaskTimeout: KEEPER_TIMEOUT,
          signal: WAKE_SIGNAL,
          signalArgs: [],
          staticSummary: readable(`Keep VM pool ${pool}`),
          typedSearchAttributes: [keyword('TaskKind', 'pool.keep'), keyword('Tenant', DEFAULT_TENANT)],
        });
      } catch (error) {
        throw unreachable(error);
      }
    },

    schedulePools: async (everyMs) => {
      try {
        await client.schedule.create({
          scheduleId: POOL_SCHEDULE,
          spec: { intervals: [{ every: everyMs }] },
          policies: { overlap: 'SKIP', catchupWindow: everyMs },
          action: {
            type: 'startWorkflow',
            workflowType: 'wakePools',
            workflowId: POOL_SCHEDULE,
            taskQueue: CONTROL_QUEUE,
          },
        });
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw unreachable(error);
      }
    },

    fate: async (task) => {
      try {
        const { status } = await client.workflow.getHandle(workflowId(task)).describe();
        return GOES_ON.includes(status.name) ? null : status.name.toLowerCase().replaceAll('_', ' ');
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'unknown';
        throw unreachable(error);
      }
    },
  };
}

/** A turn of a workflow that a killed worker was at is given to another after this long; one that takes longer says so itself. */
const TURN_TIMEOUT = '5s';

/**
 * The same of pools' keepers, all of which are taken over at once after a restart: 15 took 5 to 9 s on two busy cores, and what is
 * not through by then begins again. A keeper that was killed within a turn is waited for that long.
 */
const KEEPER_TIMEOUT = '10s';

/** Temporal's name of the schedule that wakes every pool. */
const POOL_SCHEDULE = 'pools';

const GOES_ON: readonly string[] = ['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED', 'UNSPECIFIED'];

const VERBS: Readonly<Record<TaskKind, string>> = {
  'provisioner.create': 'Create VM',
  'image.build': 'Build base image',
  'image.collect': 'Remove unused base image',
  'vm.start': 'Start VM',
  'vm.stop': 'Stop VM',
  'vm.shutdown': 'Shut down VM',
  'vm.restart': 'Restart VM',
  'vm.delete': 'Delete VM',
  'vm.snapshot': 'Snapshot VM',
  'vm.revert': 'Take back VM',
  'vm.snapshot-remove': 'Remove snapshot of VM',
  'vm.attach-disk': 'Add disk to VM',
  'network.remove': 'Remove network',
  'volume.remove': 'Remove volume',
};

const summary = (kind: TaskKind, target: string): string => `${VERBS[kind]} ${target}`;

const keyword = (name: (typeof SEARCH_ATTRIBUTES)[number], value: string): SearchAttributePair => ({
  key: defineSearchAttributeKey(name, 'KEYWORD'),
  value,
});

/** What an operator lists tasks by; taken from the input, which names its VM and node alike for every kind. */
function searchAttributes({ kind, input, tenant }: JobRequest): SearchAttributePair[] {
  const { name, node } = (input ?? {}) as { readonly name?: unknown; readonly node?: unknown };
  return [
    keyword('TaskKind', kind),
    keyword('Tenant', tenant ?? DEFAULT_TENANT),
    ...(typeof name === 'string' ? [keyword('VmName', name)] : []),
    ...(typeof node === 'string' ? [keyword('NodeName', node)] : []),
  ];
}

/** What it answered is said: a task that it refuses waits as well, and for something else. */
function unreachable(cause: unknown) {
  const refusal = refusalIn(cause);
  const why = refusal === null ? 'does not answer' : `refuses it (${refusal})`;
  return unavailable(`Temporal ${why}; the task is started when it does${refusal === null ? '' : ' not'}.`, cause);
}

/** gRPC's codes of calls that were not answered: cancelled, deadline exceeded, unavailable. */
const UNANSWERED: readonly number[] = [1, 4, 14];

/** The engine's own words, which its client wraps; null if it did not answer. */
function refusalIn(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error instanceof NamespaceNotFoundError) return error.message;
  if (!isGrpcServiceError(error)) return refusalIn(error.cause);
  return UNANSWERED.includes(error.code) ? null : error.details;
}
