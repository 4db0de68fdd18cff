import type { AttachDisk } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import type { Step, Stuck } from '../lib/saga.ts';
import { operate } from './operate.ts';

/** Leaves the VM with one more disk, blank, or without a trace of it. */
export async function attachDisk(cmd: AttachDisk): Promise<void> {
  const { disk, name } = cmd;
  const giveBack = () => control.releaseDisk(disk);
  await operate(cmd, { total: 3, done: `${name} has disk ${disk.diskId}`, onFailure: 'back', giveBack }, (step) =>
    steps(cmd, step),
  );
}

async function steps(cmd: AttachDisk, step: Step): Promise<void> {
  const { vm, disk } = cmd;
  const { host, long, cleanup } = onNode(cmd.node);
  await step(
    'reserve',
    () => control.reserveDisk(cmd),
    // A disk of which something is left goes with its VM.
    (stuck) => onlyIfClean(stuck, () => control.releaseDisk(disk)),
  );
  await step(
    `volume ${disk.diskId}`,
    () => long.ensureVolume(disk),
    // Not from under a guest that still has it.
    (stuck) => onlyIfClean(stuck, () => cleanup.removeVolume(disk)),
  );
  await step(
    'attach',
    async () => control.recordDefined(vm, await host.attachDisk(cmd)),
    async () => {
      const xml = await cleanup.detachDisk(cmd);
      if (xml !== null) await control.recordDefined(vm, xml);
    },
  );
}

const onlyIfClean = async (stuck: Stuck, undo: () => Promise<void>): Promise<void> => {
  if (stuck.length === 0) await undo();
};
