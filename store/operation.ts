import { asc, eq, isNull } from 'drizzle-orm';
import type { TaskId, VmId } from '../domain/ids.ts';
import type { Db } from './open.ts';
import { vmOperations } from './schema/snapshot.ts';
import { vms } from './schema/vm.ts';

export type OperationRow = typeof vmOperations.$inferSelect;

export async function insertOperation(tx: Db, row: Omit<OperationRow, 'seq'>): Promise<void> {
  await tx.insert(vmOperations).values(row);
}

/** In the order of asking. */
export const listOperations = async (db: Db, vm: VmId): Promise<readonly OperationRow[]> =>
  db.select().from(vmOperations).where(eq(vmOperations.vm, vm)).orderBy(asc(vmOperations.seq));

export const findOperation = async (db: Db, task: TaskId): Promise<OperationRow | undefined> =>
  db.select().from(vmOperations).where(eq(vmOperations.task, task)).get();

export async function deleteOperation(tx: Db, task: TaskId): Promise<void> {
  await tx.delete(vmOperations).where(eq(vmOperations.task, task));
}

/** VMs for which something waits although nothing is changing them. */
export async function listIdleQueues(db: Db): Promise<readonly VmId[]> {
  const rows = await db
    .selectDistinct({ vm: vmOperations.vm })
    .from(vmOperations)
    .innerJoin(vms, eq(vms.id, vmOperations.vm))
    .where(isNull(vms.changing));
  return rows.map(({ vm }) => vm);
}
