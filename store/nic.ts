import { asc, eq, sql } from 'drizzle-orm';
import type { Mac, NodeName, VmId, Vni } from '../domain/ids.ts';
import type { Nic } from '../domain/network.ts';
import { among, hot, hotInsert } from './hot.ts';
import type { Db } from './open.ts';
import { nics, vms } from './schema/vm.ts';

const ofVms = hot((db) => db.select().from(nics).where(among(nics.vm, 'vms')).orderBy(asc(nics.index)).prepare());

export const nicsOf = async (db: Db, ids: readonly VmId[]): Promise<readonly Nic[]> =>
  ofVms(db).all({ vms: JSON.stringify(ids) });

const insert = hotInsert(nics);

export async function insertNics(tx: Db, rows: readonly Nic[]): Promise<void> {
  for (const row of rows) insert(tx, row);
}

const owner = hot((db) =>
  db
    .select({ name: vms.name })
    .from(nics)
    .innerJoin(vms, eq(vms.id, nics.vm))
    .where(eq(nics.mac, sql.placeholder('mac')))
    .prepare(),
);

/** Name of the VM that has this address. */
export const macOwner = async (db: Db, mac: Mac): Promise<string | undefined> => owner(db).get({ mac })?.name;

const taken = hot((db) =>
  db
    .select({ ip: nics.ip })
    .from(nics)
    .where(eq(nics.vni, sql.placeholder('vni')))
    .prepare(),
);

export async function addressesTaken(db: Db, vni: Vni): Promise<readonly string[]> {
  return taken(db)
    .all({ vni })
    .flatMap((row) => row.ip ?? []);
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
