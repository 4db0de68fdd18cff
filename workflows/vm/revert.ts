import type { ChangeSnapshot } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { shielded } from '../lib/task.ts';
import { attachAdded } from './attach-added.ts';
import { operate } from './operate.ts';

/**
 * Leaves the VM running from the snapshot's moment on, with all its disks, on networks that are there. What it was is lost with that:
 * once begun, this runs to its end.
 */
export async function revertVm(cmd: ChangeSnapshot): Promise<void> {
  const { vm, nics } = cmd;
  const { host, long } = onNode(cmd.node);
  const total = 1 + cmd.added.length + (nics ? 2 : 0);
  const plan = { total, done: `${cmd.name} is taken back`, onFailure: 'failed' } as const;
  await shielded(() =>
    operate(cmd, plan, async (step) => {
      if (nics) await step('network', () => host.ensureNics(nics));
      await step('revert', () => long.revertDomain(cmd));
      await attachAdded(cmd, step);
      if (nics) await step('record', () => control.recordVm(vm, 'running', null, cmd.task));
    }),
  );
}
