import { type ActivityOptions, patched, proxyActivities } from '@temporalio/workflow';
import type { HostActivities } from '../../activities/host.ts';
import type { NodeName } from '../../domain/ids.ts';
import { nodeQueue } from '../../domain/queues.ts';
import { control } from './control.ts';
import { anew, currentStep, lostNodes, stepsBegun } from './progress.ts';
import { wasNotTakenUp } from './reason.ts';

/** After this long without anybody taking up the work, the task says what it waits for. */
const SOON = '15s';
/** How long a step waits for its node before the workflow decides that it is dead. */
const NODE_WAIT = '10m';
/** The same for an undo: 15 minutes with what it waited before it said so, long enough for a host to reboot. */
const UNDO_WAIT = '885s';
/** The same where an undo has waited in vain before: 30 seconds in all. */
const LOST_WAIT = '15s';

/** An attempt that does not beat is lost: a killed worker is noticed this late. */
const HEARTBEAT = '8s';

// Said outright, since without it a cancelled attempt is not waited for: it could still have its effect after its task has ended.
// Long steps all have an undo, which ends what is left of them first.
const CANCELLED_WHEN_ENDED = 'WAIT_CANCELLATION_COMPLETED';

const QUICK: ActivityOptions = {
  cancellationType: CANCELLED_WHEN_ENDED,
  startToCloseTimeout: '5m',
  scheduleToCloseTimeout: '20m',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '500ms', maximumInterval: '15s', maximumAttempts: 8 },
};

/** Its time includes the wait for a slot: where many are created at once, scripts run few at a time. */
const LONG: ActivityOptions = {
  startToCloseTimeout: '6h',
  scheduleToCloseTimeout: '24h',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 8 },
};

/** One look each: who does not answer is asked again by another turn. */
const LOOK: ActivityOptions = {
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '20s',
  scheduleToStartTimeout: '10s',
  retry: { maximumAttempts: 2 },
};

const CLEANUP: ActivityOptions = {
  startToCloseTimeout: '5m',
  scheduleToCloseTimeout: '1h',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '500ms', maximumInterval: '1m' },
};

/** A node's activities by how long they may take. `waiting(ms)` ends after that long, however often the node restarts meanwhile. */
export function onNode(node: NodeName) {
  return {
    host: patient(node, QUICK),
    long: patient(node, LONG),
    cleanup: undoing(node),
    probing: proxyActivities<HostActivities>({ ...LOOK, taskQueue: nodeQueue(node) }),
    waiting: (ms: number) =>
      patient(node, {
        ...QUICK,
        startToCloseTimeout: ms,
        scheduleToCloseTimeout: ms,
        retry: { maximumInterval: '5s' },
      }),
  };
}

/** Activities that wait for a node which does not answer, and let the task say so meanwhile. */
function patient(node: NodeName, options: ActivityOptions, wait = NODE_WAIT, goesOn = () => true): HostActivities {
  const taskQueue = nodeQueue(node);
  const first = proxyActivities<HostActivities>({ ...options, taskQueue, scheduleToStartTimeout: SOON });
  const again = proxyActivities<HostActivities>({ ...options, taskQueue, scheduleToStartTimeout: wait });
  return new Proxy(first, {
    get: (_, name: keyof HostActivities) => async (input: never) => {
      try {
        return await first[name](input);
      } catch (error) {
        if (!wasNotTakenUp(error) || !goesOn()) throw error;
        return sayingThatItWaits(node, async () => again[name](input));
      }
    },
  });
}

async function sayingThatItWaits<T>(node: NodeName, ask: () => Promise<T>): Promise<T> {
  const step = currentStep();
  if (!step) return ask();
  const status = `${step.status}: waiting for node ${node}`;
  await control.noteProgress(step.task, { ...step, current: stepsBegun(), status });
  return anew(step, ask);
}

/** Activities that undo: a node that was waited for in vain once is not waited for as long by each of them. */
function undoing(node: NodeName): HostActivities {
  // One that was asked for before there was this waited long at once, and then gave its node up.
  const goesOn = () => patched('an undo says that it waits');
  const first = patient(node, CLEANUP, UNDO_WAIT, goesOn);
  const later = patient(node, CLEANUP, LOST_WAIT, goesOn);
  return new Proxy(first, {
    get: (_, name: keyof HostActivities) => async (input: never) => {
      try {
        return await (lostNodes().has(node) ? later : first)[name](input);
      } catch (error) {
        if (wasNotTakenUp(error)) lostNodes().add(node);
        throw error;
      }
    },
  });
}
