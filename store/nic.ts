import { asc, eq, inArray } from 'drizzle-orm';
import type { Mac, NodeName, VmId, Vni } from '../domain/ids.ts';
import type { Nic } from '../domain/network.ts';
import type { Db } from './open.ts';
import { nics, vms } from './schema/vm.ts';

export const nicsOf = async (db: Db, ids: readonly VmId[]): Promise<readonly Nic[]> =>
  db
    .select()
    .from(nics)
    .where(inArray(nics.vm, [...ids]))
    .orderBy(asc(nics.index));

export async function insertNics(tx: Db, rows: readonly Nic[]): Promise<void> {
  if (rows.length > 0) await tx.insert(nics).values([...rows]);
}

/** Name of the VM that has this address. */
export async function macOwner(db: Db, mac: Mac): Promise<string | undefined> {
  const row = await db
    .select({ name: vms.name })
    .from(nics)
    .innerJoin(vms, eq(vms.id, nics.vm))
    .where(eq(nics.mac, mac))
    .get();
  return row?.name;
}

export async function addressesTaken(db: Db, vni: Vni): Promise<readonly string[]> {
  const rows = await db.select({ ip: nics.ip }).from(nics).where(eq(nics.vni, vni));
  return rows.flatMap((row) => row.ip ?? []);
}

export async function vnisOfNode(db: Db, node: NodeName): Promise<readonly Vni[]> {
  const rows = await db
    .selectDistinct({ vni: nics.vni })
    .from(nics)
    .innerJoin(vms, eq(vms.id, nics.vm))
    .where(eq(vms.node, node))
    .orderBy(nics.vni);
  return rows.map((row) => row.vni);
}
