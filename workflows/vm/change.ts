import { ApplicationFailure } from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';
import type { ChangeVm } from '../../domain/plan.ts';
import { VM_ACTIONS, type VmAction, type VmState } from '../../domain/vm.ts';
import { control } from '../lib/control.ts';
import { reasonOf } from '../lib/reason.ts';
import { type Commit, NEEDS_OPERATOR, type Step, saga } from '../lib/saga.ts';
import { asTask, shielded } from '../lib/task.ts';

type Kept = Exclude<VmState, 'absent'>;

/** Runs the steps of a change, and leaves the VM in the state that the table of actions gives its outcome. */
export async function changeVm(
  cmd: ChangeVm,
  action: Exclude<VmAction, 'create'>,
  total: number,
  body: (step: Step, commit: Commit) => Promise<unknown>,
): Promise<void> {
  const done = action === 'delete' ? `${cmd.name} is deleted` : `${cmd.name} is ${VM_ACTIONS[action].to}`;
  const giveBack = (cause: unknown) => control.recordVm(cmd.vm, ...stateAfter(cmd, action, cause), cmd.task);
  await asTask({ task: cmd.task, total, done, giveBack }, async () => {
    try {
      await saga(body);
    } catch (cause) {
      const [state, reason] = stateAfter(cmd, action, cause);
      await shielded(() => control.recordVm(cmd.vm, state, reason));
      throw cause;
    }
  });
}

/** Where a change that did not succeed leaves the VM, and the reason if that is 'failed'. */
export function stateAfter(cmd: ChangeVm, action: Exclude<VmAction, 'create'>, cause: unknown): [Kept, string | null] {
  const { onFailure, from } = VM_ACTIONS[action];
  const needsOperator = cause instanceof ApplicationFailure && cause.type === NEEDS_OPERATOR;
  const back = cmd.before ?? from[0];
  if (needsOperator || (onFailure === 'failed' && !isCancellation(cause))) return ['failed', reasonOf(cause)];
  return [back, back === 'failed' ? reasonOf(cause) : null];
}
