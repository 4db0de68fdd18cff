import { DomainError } from '../../../domain/fault.ts';
import type { Task } from '../../../domain/task.ts';
import type { Services } from '../../core/services.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { flag, oneOf } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { begun, KEYED, keyOf, STARTED } from './answer.ts';
import { name } from './name.ts';

const ACTIONS = ['start', 'shutdown', 'stop', 'restart'] as const;

const Change = z.object({
  vm: name('Name or UUID of the VM.'),
  state: oneOf('What is to become of it.', ACTIONS),
  wait: flag('Whether to answer only when it is done.').optional(),
});

const Remove = z.object({
  vm: name('Name or UUID of the VM.'),
  delete_disks: flag('Whether its disks go too.').optional(),
  wait: flag('Whether to answer only when it is gone; true unless said otherwise (beyond PVC).').optional(),
});

const tag = 'vm';

/** Starting, stopping and removing VMs. */
export function vmChangeRoutes({ vms, tasks }: Pick<Services, 'vms' | 'tasks'>): readonly Route[] {
  /** Resolves when the task has succeeded; what it failed of is the request's failure. */
  const succeeded = async ({ principal, signal }: Context<unknown>, task: Task): Promise<void> => {
    const { state, status, error } = await tasks.ended(principal, task.id, signal);
    if (state !== 'SUCCESS')
      throw new DomainError({ kind: 'conflict', why: `Task ${task.id} ended as ${state}: ${error ?? status}` });
  };

  return [
    route(
      'post',
      '/vm/:vm/state',
      { tag, summary: 'Start or stop a VM', values: Change, headers: KEYED, responses: STARTED },
      async (context) => {
        const { vm, state, wait } = context.values;
        const task = await vms.act(context.principal, vm, state, keyOf(context));
        if (wait) await succeeded(context, task);
        return begun(context, task, wait ? `VM '${vm}' is done with ${state}.` : `VM '${vm}' is to ${state}.`);
      },
    ),
    route(
      'delete',
      '/vm/:vm',
      { tag, summary: 'Stop a VM and remove it', values: Remove, headers: KEYED, responses: STARTED },
      async (context) => {
        const { vm, delete_disks = false, wait = true } = context.values;
        const task = await vms.remove(context.principal, vm, delete_disks, keyOf(context));
        if (wait) await succeeded(context, task);
        const what = delete_disks ? `VM '${vm}' and its disks` : `VM '${vm}'`;
        return begun(context, task, wait ? `Removed ${what}.` : `Removing ${what}.`);
      },
    ),
  ];
}
