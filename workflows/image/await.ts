import {
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common';
import {
  ApplicationFailure,
  condition,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  patched,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { baseDisks } from '../../domain/base-image.ts';
import type { BaseKey, TaskId } from '../../domain/ids.ts';
import type { BuildImage, CreateVm } from '../../domain/plan.ts';
import { CONTROL_QUEUE, readable } from '../../domain/queues.ts';
import { workflowId } from '../../domain/task.ts';
import { control } from '../lib/control.ts';
import { shielded } from '../lib/task.ts';
import { awaitTurn, passTurn } from '../vm/turn.ts';
import { tell } from './build.ts';
import { type BaseSettled, baseSettled } from './settled.ts';

/** A build may take this long before whoever waits for it gives up. */
const BUILD_HOURS = 24;
/** After this long without news, the waiter makes sure that the build goes on: nobody tells of one that was terminated when its starter had ended. */
const NEWS = '2m';

/**
 * Resolves when the base image can be cloned on the VM's node, building it unless somebody does; who waits for another's build gives up
 * its turn on the node meanwhile. Fails with the reason of a build that would fail again, or that this workflow began; takes part in the
 * next one if another's build was cancelled or lost.
 */
export async function awaitBase(cmd: CreateVm, base: BaseKey): Promise<void> {
  const ended = new Map<TaskId, BaseSettled>();
  setHandler(baseSettled, (settled) => void ended.set(settled.build, settled));

  let known: TaskId | null = null;
  let passed = false;
  const deadline = Date.now() + BUILD_HOURS * 3_600_000;
  for (;;) {
    const claim = await control.claimBase(base, cmd.node, workflowInfo().workflowId);
    if (claim.is === 'ready') return passed ? awaitTurn(cmd) : undefined;
    const { build } = claim;
    // By whoever waits, not only by its builder: a claim whose answer was lost would leave a build that nobody starts.
    // Shielded: others may wait for it already.
    const request = { task: build, base, node: cmd.node, disks: baseDisks(cmd.disks, base) };
    await shielded(() => startBuild(request, build === known, ended));
    known = build;
    // The one that has it built keeps its turn: no more is built at once than is created.
    if (claim.is === 'wait' && !passed && patched('who waits for a build passes its turn on')) {
      passed = true;
      await passTurn(cmd);
    }
    const told = await condition(() => ended.has(build), NEWS);
    if (!told && Date.now() > deadline)
      throw ApplicationFailure.nonRetryable(`The base image was not built within ${BUILD_HOURS} hours.`, 'unavailable');
    const failure = ended.get(build)?.failure;
    if (failure && (failure.permanent || claim.is === 'build'))
      throw ApplicationFailure.nonRetryable(`Base image: ${failure.reason}`, failure.permanent ? 'script' : 'internal');
  }
}

/** Gives up waiting; a build that nobody waits for any more is cancelled. */
export async function leaveBase(cmd: CreateVm, base: BaseKey): Promise<void> {
  const build = await control.leaveBase(base, cmd.node, workflowInfo().workflowId);
  if (build === null) return;
  await getExternalWorkflowHandle(workflowId(build))
    .cancel()
    .catch((error: unknown) => log.info('the build has ended already', { build, error }));
}

async function startBuild(build: BuildImage, again: boolean, ended: Map<TaskId, BaseSettled>): Promise<void> {
  const summary = readable(`Build base image ${build.base.slice(0, 12)} on ${build.node}`);
  try {
    const child = await startChild<(cmd: BuildImage) => Promise<void>>('buildImage', {
      args: [build],
      workflowId: workflowId(build.task),
      taskQueue: CONTROL_QUEUE,
      // It belongs to everybody who waits, not to the workflow that happens to be first.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // One that has told nothing for so long and is still claimed may have been terminated: it is begun anew.
      workflowIdReusePolicy: again ? 'ALLOW_DUPLICATE_FAILED_ONLY' : 'REJECT_DUPLICATE',
      staticSummary: summary,
      searchAttributes: { TaskKind: ['image.build'], NodeName: [build.node], Tenant: tenant() },
    });
    // An operator may terminate a build: then it cannot tell anybody itself.
    void child.result().catch((error: unknown) => (wasLost(error) ? settleLost(build, ended) : undefined));
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

const tenant = (): string[] => {
  const own = workflowInfo().searchAttributes?.Tenant?.[0];
  return typeof own === 'string' ? [own] : [];
};

const wasLost = (error: unknown): boolean =>
  error instanceof ChildWorkflowFailure &&
  (error.cause instanceof TerminatedFailure || error.cause instanceof TimeoutFailure);

async function settleLost(build: BuildImage, ended: Map<TaskId, BaseSettled>): Promise<void> {
  const reason = 'The build of the base image was terminated.';
  const settled = { build: build.task, failure: { reason, permanent: false } };
  const waiters = await control.settleBase(build.base, build.node, reason, build.task);
  // The engine lets no workflow signal itself.
  const own = workflowInfo().workflowId;
  await tell(
    waiters.filter((waiter) => waiter !== own),
    settled,
  );
  ended.set(build.task, settled);
}
