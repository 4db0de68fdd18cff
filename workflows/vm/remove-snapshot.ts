import type { ChangeSnapshot } from '../../domain/plan.ts';
import { onNode } from '../lib/node.ts';
import { shielded } from '../lib/task.ts';
import { attachAdded } from './attach-added.ts';
import { operate } from './operate.ts';

/** Leaves nothing of the snapshot. What is gone does not come back: once begun, this runs to its end. */
export async function removeSnapshot(cmd: ChangeSnapshot): Promise<void> {
  const { long } = onNode(cmd.node);
  const plan = {
    total: 1 + cmd.added.length,
    done: `a snapshot of ${cmd.name} is removed`,
    onFailure: 'back',
  } as const;
  await shielded(() =>
    operate(cmd, plan, async (step) => {
      // A revert that failed may have left the VM without a disk that the snapshot has.
      await attachAdded(cmd, step);
      await step('remove', () => long.removeSnapshot(cmd));
    }),
  );
}
