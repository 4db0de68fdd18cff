import { ApplicationFailure } from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';
import type { AttachDisk } from '../../domain/plan.ts';
import { control } from '../lib/control.ts';
import { reasonOf } from '../lib/reason.ts';
import { NEEDS_OPERATOR, type Step, saga } from '../lib/saga.ts';
import { asTask, shielded, type TaskSpec } from '../lib/task.ts';

interface Plan extends Pick<TaskSpec, 'total' | 'done' | 'giveBack'> {
  /** 'back': a failure leaves the VM as it was. 'failed': nobody knows what the guest is after one. */
  readonly onFailure: 'back' | 'failed';
}

/** Runs the steps of an operation, which leaves the VM's state as it is; 'failed' with the reason where something is left undone. */
export async function operate(
  cmd: Pick<AttachDisk, 'task' | 'vm'>,
  { onFailure, ...spec }: Plan,
  body: (step: Step) => Promise<void>,
): Promise<void> {
  await asTask({ task: cmd.task, ...spec }, async () => {
    try {
      await saga(body);
    } catch (cause) {
      const stuck = cause instanceof ApplicationFailure && cause.type === NEEDS_OPERATOR;
      if (stuck || (onFailure === 'failed' && !isCancellation(cause)))
        await shielded(() => control.recordVm(cmd.vm, 'failed', reasonOf(cause), cmd.task));
      throw cause;
    }
  });
}
