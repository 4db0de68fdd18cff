import type { ChangeSnapshot } from '../../domain/plan.ts';
import { onNode } from '../lib/node.ts';
import { operate } from './operate.ts';

/** Leaves a moment of the running VM kept, or nothing of it. */
export async function snapshotVm(cmd: ChangeSnapshot): Promise<void> {
  const { long, cleanup } = onNode(cmd.node);
  await operate(cmd, { total: 1, done: `${cmd.name} is snapshotted`, onFailure: 'back' }, (step) =>
    step(
      'snapshot',
      () => long.ensureSnapshot(cmd),
      () => cleanup.removeSnapshot(cmd),
    ),
  );
}
