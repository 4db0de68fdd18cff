import type { CollectImage } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { isConflict, wasNotTakenUp } from '../lib/reason.ts';
import { type Step, saga } from '../lib/saga.ts';
import { asTask, shielded } from '../lib/task.ts';

/**
 * Leaves nothing of a base image on its node and forgets it, so that who wants it builds it anew. Refused while a disk is a clone of it: then
 * it stays, or is forgotten if a part of it was gone by then. Once begun, runs to its end.
 */
export async function collectImage(cmd: CollectImage): Promise<void> {
  const short = cmd.base.slice(0, 12);
  await shielded(() =>
    asTask({ task: cmd.task, total: cmd.disks.length + 2, done: `base image ${short} is removed` }, () =>
      saga((step) => collect(cmd, step)),
    ),
  );
}

async function collect({ base, node, disks }: CollectImage, step: Step): Promise<void> {
  const { host, long } = onNode(node);
  let removed = 0;
  try {
    // One after the other: the first refusal finds the image whole.
    for (const disk of disks) {
      await step(`volume ${disk.diskId}`, () => long.removeVolume(disk));
      removed += 1;
    }
    await step('boot files', () => host.removeBaseFiles(base));
  } catch (cause) {
    const whole = removed === 0 && (isConflict(cause) || wasNotTakenUp(cause));
    if (!whole) await control.forgetBase(base, node);
    throw cause;
  }
  await step('forget', () => control.forgetBase(base, node));
}
