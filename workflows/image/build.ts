import { getExternalWorkflowHandle, isCancellation, log } from '@temporalio/workflow';
import type { BuildImage } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { isPermanent, reasonOf } from '../lib/reason.ts';
import { saga } from '../lib/saga.ts';
import { asTask, shielded } from '../lib/task.ts';
import { type BaseSettled, baseSettled } from './settled.ts';

/** Leaves a base image that VMs can be cloned from, or nothing of it; tells whoever waits how it ended. */
export async function buildImage(cmd: BuildImage): Promise<void> {
  const { base } = cmd;
  const { long, cleanup } = onNode(cmd.node);
  const formatted = cmd.disks.filter((disk) => disk.filesystem !== null).length;
  const giveBack = (cause: unknown) => settle(cmd, failureOf(cause));
  const total = cmd.disks.length + formatted + 2;
  await asTask({ task: cmd.task, total, done: `base image ${base.slice(0, 12)} is ready`, giveBack }, async () => {
    try {
      await saga(async (step, commit) => {
        await Promise.all(
          cmd.disks.map(async (disk) => {
            await step(
              `volume ${disk.diskId}`,
              async () => {
                // Refused if something is still cloned from an earlier build: writing to it would change the clones.
                await long.removeVolume(disk);
                await long.ensureVolume(disk);
              },
              () => cleanup.removeVolume(disk),
            );
            if (disk.filesystem !== null) await step(`format ${disk.diskId}`, () => long.formatVolume(disk));
          }),
        );
        await step(
          'build',
          () => long.build(cmd),
          () => cleanup.removeBaseFiles(base),
        );
        await commit('settle', () => settle(cmd, null));
      });
    } catch (cause) {
      // After the undo: the next builder makes volumes of the same names.
      await shielded(() => settle(cmd, failureOf(cause)));
      throw cause;
    }
  });
}

function failureOf(cause: unknown): BaseSettled['failure'] {
  if (isCancellation(cause)) return { reason: 'The build of the base image was cancelled.', permanent: false };
  return { reason: reasonOf(cause), permanent: isPermanent(cause) };
}

async function settle(cmd: BuildImage, failure: BaseSettled['failure']): Promise<void> {
  const waiters = await control.settleBase(cmd.base, cmd.node, failure?.reason ?? null, cmd.task);
  await tell(waiters, { build: cmd.task, failure });
}

/** Tells the waiters; one that has ended meanwhile is none. */
export async function tell(waiters: readonly string[], settled: BaseSettled): Promise<void> {
  await Promise.all(
    waiters.map((waiter) =>
      getExternalWorkflowHandle(waiter)
        .signal(baseSettled, settled)
        .catch((error: unknown) => log.info('a waiter for the base image is gone', { waiter, error })),
    ),
  );
}
