import { randomUUID } from 'node:crypto';
import { conflict, noCapacity } from '../../domain/fault.ts';
import type { TaskId } from '../../domain/ids.ts';
import { objection, unheard } from '../../domain/placement.ts';
import type { ChangeVm } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import { decide, VM_ACTIONS, type VmAction } from '../../domain/vm.ts';
import { nicsOf } from '../../store/nic.ts';
import type { Db } from '../../store/open.ts';
import { dropQueue } from '../../store/queue.ts';
import { findTask, insertTask, type TaskRow } from '../../store/task.ts';
import { updateVm, type VmRow } from '../../store/vm.ts';
import { clonesOf, disksOf } from '../../store/volume.ts';
import { listCandidates } from './candidates.ts';
import type { Outcome } from './once.ts';

export type Change = Exclude<VmAction, 'create'>;

interface Wish {
  readonly who: Principal;
  readonly action: Change;
  readonly deleteDisks: boolean;
  readonly graceMs: number;
}

/**
 * Takes the VM for one change and accepts its task, in the caller's transaction. The task of a change that asks for the same
 * is joined; 'conflict' while another change runs. What is recorded may be seconds old, so a VM that is so already gets its
 * task, too: that looks at the guest, and does nothing to one that is as it should be.
 */
export async function beginChange(tx: Db, vm: VmRow, wish: Wish): Promise<Outcome> {
  const { action } = wish;
  if (vm.changing !== null) return { task: await joined(tx, vm, wish), fresh: false };
  decide(action, vm.state);
  if (action === 'start') await mustStart(tx, vm);
  if (action === 'delete' && wish.deleteDisks) await mustHaveNoClones(tx, vm);
  return { task: await accept(tx, vm, wish), fresh: true };
}

async function accept(tx: Db, vm: VmRow, { who, action, deleteDisks, graceMs }: Wish): Promise<TaskRow> {
  const id = randomUUID() as TaskId;
  const input: ChangeVm = {
    task: id,
    vm: vm.id,
    name: vm.name,
    node: vm.node,
    disks: await disksOf(tx, vm.id),
    nics: await nicsOf(tx, [vm.id]),
    deleteDisks,
    graceMs,
    before: beforeOf(action, vm.state),
  };
  if (action === 'delete') await dropQueue(tx, vm.id, `VM '${vm.name}' is being deleted by task ${id}.`);
  await updateVm(tx, vm.id, { state: VM_ACTIONS[action].via, changing: id, failedReason: null });
  return insertTask(tx, {
    ...{ id, kind: `vm.${action}` as const, target: vm.name, runOn: vm.node, input },
    ...{ tenant: vm.tenant, account: who.account },
    workflowStarted: false,
  });
}

/** A VM that is on its way without a task was left so: what it was before is what the action begins from. */
function beforeOf(action: Change, state: VmRow['state']): VmRow['state'] {
  const { via, from } = VM_ACTIONS[action];
  return state === via ? from[0] : state;
}

async function joined(tx: Db, vm: VmRow, { action, deleteDisks }: Wish): Promise<TaskRow> {
  const running = vm.changing === null ? undefined : await findTask(tx, vm.changing);
  const sameWish =
    running?.kind === `vm.${action}` &&
    (action !== 'delete' || (running.input as ChangeVm).deleteDisks === deleteDisks);
  if (running && sameWish) return running;
  throw conflict(`VM '${vm.name}' is being changed by task ${vm.changing} (${running?.kind ?? 'unknown'}).`);
}

/** A VM at rest holds no memory: unless it is recorded as running it needs room again, and its disks must not be what others were cloned from. */
async function mustStart(tx: Db, vm: VmRow): Promise<void> {
  if (!vm.defined) throw conflict(`VM '${vm.name}' has no domain: it was created with define_vm=false.`);
  await mustHaveNoClones(tx, vm);
  const node = (await listCandidates(tx)).find((candidate) => candidate.name === vm.node);
  if (!node) throw noCapacity(`Node ${vm.node} is not known any more.`);
  const { memory, vcpus } = vm;
  const demand = { memory, vcpus, nodeLimit: null, selector: 'none', filesystems: [], pools: {}, pinned: [] } as const;
  const why = vm.state === 'running' ? unheard(node) : objection(demand, node);
  if (why) throw noCapacity(`Node ${vm.node} cannot start VM '${vm.name}': ${why}.`);
}

async function mustHaveNoClones(tx: Db, vm: VmRow): Promise<void> {
  const clones = await clonesOf(tx, vm.id);
  if (clones.length > 0)
    throw conflict(`Disks of VM '${vm.name}' are what others were cloned from: ${clones.join(', ')}.`);
}
