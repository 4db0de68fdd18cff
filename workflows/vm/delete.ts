import type { ChangeVm } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { shielded } from '../lib/task.ts';
import { changeVm } from './change.ts';

/** Leaves nothing of the VM (its disks, if they are to be kept), or leaves it 'failed' to be deleted again. Once begun, runs to its end. */
export async function deleteVm(cmd: ChangeVm): Promise<void> {
  const { vm } = cmd;
  const { host, long } = onNode(cmd.node);
  const volumes = cmd.deleteDisks ? cmd.disks : [];
  await shielded(() =>
    changeVm(cmd, 'delete', 5 + volumes.length, async (step) => {
      await step('undefine', () => host.undefineDomain(vm));
      await Promise.all([
        step('leases', () => host.removeLeases(cmd.nics)),
        step('seed', () => host.removeSeed(vm)),
        step('boot files', () => host.removeBootFiles(vm)),
        ...volumes.map((disk) => step(`volume ${disk.diskId}`, () => long.removeVolume(disk))),
      ]);
      await step('forget', () => control.forgetVm(vm, !cmd.deleteDisks));
    }),
  );
}
