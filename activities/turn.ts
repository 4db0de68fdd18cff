import type { NodeName, VmId } from '../domain/ids.ts';
import { workflowId } from '../domain/task.ts';
import type { Store } from '../store/open.ts';
import { callTurns, hearTurn, listTurns, type Turn } from '../store/turn.ts';
import { findVm, updateVm } from '../store/vm.ts';

/** How many creations a node works on at once: one transaction each, repeatable. Both return the workflows to be told by `turnCame`. */
export interface TurnActivities {
  /** Whether the creation may use its node by now, also one that had passed its turn on; if not, its workflow is told when it may. */
  takeTurn(vm: VmId, node: NodeName): Promise<{ readonly mine: boolean; readonly called: readonly string[] }>;
  /** The creation does not need its node, for now or any more. */
  passTurn(vm: VmId, node: NodeName): Promise<readonly string[]>;
}

/** Turns over the store. */
export const turnActivities = (store: Store): TurnActivities => ({
  takeTurn: (vm, node) =>
    store.write(async (tx) => {
      if ((await findVm(tx, vm))?.turn === null) await updateVm(tx, vm, { turn: 'waiting' });
      // Whoever should have called may be gone.
      const called = await callTurns(tx, node);
      const own = await findVm(tx, vm);
      return { mine: own === undefined || (await hearTurn(tx, own)), called: workflowsOf(called, vm) };
    }),
  passTurn: async (vm, node) => {
    const turns = await listTurns(store.read, node);
    // What mostly is so costs no transaction.
    if (turns.every((one) => one.turn === 'going' && one.vm !== vm)) return [];
    return store.write(async (tx) => {
      await updateVm(tx, vm, { turn: null });
      return workflowsOf(await callTurns(tx, node), vm);
    });
  },
});

const workflowsOf = (turns: readonly Turn[], but: VmId): readonly string[] =>
  turns.filter(({ vm }) => vm !== but).map(({ task }) => workflowId(task));
