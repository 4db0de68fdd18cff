import type { ChangeVm } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { shielded } from '../lib/task.ts';
import { changeVm } from './change.ts';

/** Leaves the VM powered off. A guest that lost its power cannot be given back what it knew: once begun, this runs to its end. */
export async function stopVm(cmd: ChangeVm): Promise<void> {
  const { host } = onNode(cmd.node);
  await shielded(() =>
    changeVm(cmd, 'stop', 2, async (step) => {
      await step('stop', () => host.stopDomain(cmd.vm));
      await step('record', () => control.recordVm(cmd.vm, 'stopped', null));
    }),
  );
}
