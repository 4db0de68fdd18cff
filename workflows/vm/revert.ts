import type { ChangeSnapshot } from '../../domain/plan.ts';
import { onNode } from '../lib/node.ts';
import { shielded } from '../lib/task.ts';
import { attachAdded } from './attach-added.ts';
import { operate } from './operate.ts';

/** Leaves the VM running from the snapshot's moment on, with all its disks. What it was is lost with that: once begun, this runs to its end. */
export async function revertVm(cmd: ChangeSnapshot): Promise<void> {
  const { long } = onNode(cmd.node);
  const plan = { total: 1 + cmd.added.length, done: `${cmd.name} is taken back`, onFailure: 'failed' } as const;
  await shielded(() =>
    operate(cmd, plan, async (step) => {
      await step('revert', () => long.revertDomain(cmd));
      await attachAdded(cmd, step);
    }),
  );
}
