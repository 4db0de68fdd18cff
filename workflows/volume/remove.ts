import type { RemoveVolume } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { saga } from '../lib/saga.ts';
import { asTask, shielded } from '../lib/task.ts';

/** Leaves nothing of a volume that no VM has, then forgets it; fails, and may be asked again, while its node does not answer. */
export async function removeVolume({ task, node, pool, volume }: RemoveVolume): Promise<void> {
  // Shielded: what has begun to go is of no use to anybody.
  await shielded(() =>
    asTask({ task, total: 2, done: 'the volume is removed' }, () =>
      saga(async (step) => {
        await step('remove', () => onNode(node).long.removeVolume({ pool, volume }));
        await step('forget', () => control.forgetVolume(pool, volume));
      }),
    ),
  );
}
