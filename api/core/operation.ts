import { randomUUID } from 'node:crypto';
import { conflict } from '../../domain/fault.ts';
import type { TaskId } from '../../domain/ids.ts';
import { type OperationArgument, type OperationKind, whyNot } from '../../domain/operation.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Db } from '../../store/open.ts';
import { insertOperation } from '../../store/operation.ts';
import { beginNext } from '../../store/queue.ts';
import { findTask, insertTask, type TaskRow, updateTask } from '../../store/task.ts';
import type { VmRow } from '../../store/vm.ts';
import { mustAct } from './authorize.ts';
import { getOwnVm } from './get-vm.ts';
import { once } from './once.ts';
import type { CoreParts } from './parts.ts';
import { startSoon } from './start.ts';
import { mustBeKept } from './vm-pool/own.ts';

/** An operation that was asked for. */
export interface Asked {
  /** Carries it out: at once, or when the VM is free and nothing asked for before waits. */
  readonly task: TaskRow;
  /** To be started once the transaction is committed, if any: this one, or one that was asked for before. */
  readonly begun: TaskRow | null;
}

/**
 * Asks for an operation on the VM in the caller's transaction. 'conflict' if a VM that nothing is changing cannot have it now, or one
 * that is being deleted; on a VM that is being changed it waits, and may fail when its time comes.
 */
export async function ask(
  tx: Db,
  vm: VmRow,
  who: Pick<Principal, 'account'>,
  kind: OperationKind,
  argument: OperationArgument,
): Promise<Asked> {
  const why = vm.changing === null ? whyNot(kind, vm) : null;
  if (why !== null) throw conflict(why);
  if (vm.state === 'deleting') throw conflict(`VM '${vm.name}' is being deleted.`);
  await mustBeKept(tx, vm.id);
  const id = randomUUID() as TaskId;
  await insertTask(tx, {
    ...{ id, kind, target: vm.name, runOn: vm.node, input: { task: id, vm: vm.id, ...argument } },
    ...{ tenant: vm.tenant, account: who.account },
    workflowStarted: false,
  });
  await updateTask(tx, id, { status: 'Waits for what was asked of the VM before.' });
  await insertOperation(tx, { task: id, vm: vm.id, kind, argument, createdAt: Date.now() });
  const begun = await beginNext(tx, vm.id);
  const task = await findTask(tx, id);
  if (!task) throw new Error(`bug: task ${id} is gone`);
  return { task, begun };
}

/** A request for an operation: the VM's name or UUID, and what the request says, for its key. */
interface Request {
  readonly who: Principal;
  readonly ref: string;
  readonly asked: readonly [OperationKind, ...unknown[]];
  readonly key: string | null;
}

/** Asks for an operation on a VM that the asker may change; the task, once that is committed, of this request or of the same one before. */
export async function askOnce(
  parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>,
  { who, ref, asked, key }: Request,
  work: (tx: Db, vm: VmRow) => Promise<Asked>,
): Promise<TaskRow> {
  mustAct(who);
  const outcome = await parts.store.write((tx) =>
    once(tx, who, key, [asked[0], ref, ...asked.slice(1)], async () => {
      const accepted = await work(tx, await getOwnVm(tx, who, ref));
      return { ...accepted, fresh: true as const };
    }),
  );
  if (outcome.fresh && outcome.begun) startSoon(parts, outcome.begun);
  return outcome.task;
}
