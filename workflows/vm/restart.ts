import type { ChangeVm } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { changeVm } from './change.ts';
import { powerOff } from './shutdown.ts';

/** Leaves the VM running, started anew. Cancelled on the way, it runs as well. */
export async function restartVm(cmd: ChangeVm): Promise<void> {
  const { host } = onNode(cmd.node);
  await changeVm(cmd, 'restart', 4, async (step, commit) => {
    await powerOff(cmd, step);
    await step('network', () => host.ensureNics(cmd.nics));
    await step('start', () => host.startDomain(cmd.vm));
    await commit('record', () => control.recordVm(cmd.vm, 'running', null));
  });
}
