import type { RemoveNetwork } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';
import { saga } from '../lib/saga.ts';
import { asTask, shielded } from '../lib/task.ts';

/** Leaves nothing of the network on any node, then forgets it; fails, and may be asked again, while a node does not answer. Once begun, runs to its end. */
export async function removeNetwork({ task, vni, nodes }: RemoveNetwork): Promise<void> {
  // Shielded: what is gone on one node is of no use on the others.
  await shielded(() =>
    asTask({ task, total: nodes.length + 1, done: `network ${vni} is removed` }, () =>
      saga(async (step) => {
        await Promise.all(nodes.map((node) => step(`remove on ${node}`, () => onNode(node).host.removeNetwork(vni))));
        await step('forget', () => control.forgetNetwork(vni));
      }),
    ),
  );
}
