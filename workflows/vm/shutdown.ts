import type { ChangeVm } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import type { Step } from '../lib/saga.ts';
import { changeVm } from './change.ts';

/** Leaves the VM off: asked to by its power button, stopped hard after `graceMs`. Cancelled, it runs again if it did. */
export async function shutdownVm(cmd: ChangeVm): Promise<void> {
  await changeVm(cmd, 'shutdown', 2, async (step, commit) => {
    await powerOff(cmd, step);
    await commit('record', () => control.recordVm(cmd.vm, 'stopped', null));
  });
}

/** Beyond the guest's grace: what the driver itself needs. */
const MARGIN_MS = 60_000;

/** One step: the power button, and the plug if the guest does not follow in time. */
export async function powerOff(cmd: ChangeVm, step: Step): Promise<void> {
  const { host, waiting, cleanup } = onNode(cmd.node);
  await step(
    'shutdown',
    async () => {
      const off = await waiting(cmd.graceMs + MARGIN_MS).shutdownDomain({ vm: cmd.vm, graceMs: cmd.graceMs });
      if (!off) await host.stopDomain(cmd.vm);
    },
    // One that was off before this task stays so.
    cmd.before === 'stopped' ? undefined : () => cleanup.startDomain(cmd.vm),
  );
}
