import type { NodeName, VmId } from '../domain/ids.ts';
import { workflowId } from '../domain/task.ts';
import type { Store } from '../store/open.ts';
import { callTurns, listTurns } from '../store/turn.ts';
import { findVm, updateVm } from '../store/vm.ts';

/** How many creations a node works on at once: one transaction each, repeatable. */
export interface TurnActivities {
  /** Whether the creation may use its node by now; if not, its workflow is told by the signal `turnCame`. */
  takeTurn(vm: VmId, node: NodeName): Promise<boolean>;
  /** The creation needs its node no more. Returns the workflow ids of those whose turn has come. */
  passTurn(vm: VmId, node: NodeName): Promise<readonly string[]>;
}

/** Turns over the store. */
export const turnActivities = (store: Store): TurnActivities => ({
  takeTurn: (vm, node) =>
    store.write(async (tx) => {
      // Whoever should have called may be gone.
      await callTurns(tx, node);
      return (await findVm(tx, vm))?.turn !== 'waiting';
    }),
  passTurn: async (vm, node) => {
    const turns = await listTurns(store.read, node);
    // What mostly is so costs no transaction.
    if (turns.every((one) => one.turn === 'going' && one.vm !== vm)) return [];
    return store.write(async (tx) => {
      await updateVm(tx, vm, { turn: null });
      return (await callTurns(tx, node)).map(({ task }) => workflowId(task));
    });
  },
});
