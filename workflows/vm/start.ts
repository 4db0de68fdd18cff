import type { ChangeVm } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { changeVm } from './change.ts';

/** Leaves the VM running, on networks that are there. */
export async function startVm(cmd: ChangeVm): Promise<void> {
  const { vm } = cmd;
  const { host, cleanup } = onNode(cmd.node);
  await changeVm(cmd, 'start', 3, async (step, commit) => {
    // Without an undo: a stopped VM keeps its leases.
    await step('network', () => host.ensureNics(cmd.nics));
    await step(
      'start',
      () => host.startDomain(vm),
      // One that is found running was so before this task: that is not undone.
      cmd.before === 'running' ? undefined : () => cleanup.stopDomain(vm),
    );
    await commit('record', () => control.recordVm(vm, 'running', null));
  });
}
