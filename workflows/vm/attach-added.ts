import type { ChangeSnapshot } from '../../domain/plan.ts';
import { onNode } from '../lib/node.ts';
import type { Step } from '../lib/saga.ts';

/** A step for each disk that the VM was given: a revert may have taken it off, and a lost task have left it half made. */
export async function attachAdded({ vm, node, added }: ChangeSnapshot, step: Step): Promise<void> {
  const { host, long } = onNode(node);
  for (const disk of added)
    await step(`disk ${disk.diskId}`, async () => {
      await long.ensureVolume(disk);
      await host.attachDisk({ vm, disk });
    });
}
