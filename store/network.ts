import { eq, sql } from 'drizzle-orm';
import type { TaskId, Vni } from '../domain/ids.ts';
import type { Network } from '../domain/network.ts';
import { hot, hotUpdate } from './hot.ts';
import type { Db } from './open.ts';
import { networks } from './schema/network.ts';

/** A network, and the task that is removing it. */
export type NetworkRow = Network & { readonly removing: TaskId | null };

function fromRow(row: typeof networks.$inferSelect): NetworkRow {
  const { ip4Network, ip4Gateway, dhcpStart, dhcpEnd, ...rest } = row;
  const dhcp = dhcpStart !== null && dhcpEnd !== null ? { start: dhcpStart, end: dhcpEnd } : null;
  const ip4 = ip4Network !== null && ip4Gateway !== null ? { network: ip4Network, gateway: ip4Gateway, dhcp } : null;
  return { ...rest, ip4 };
}

export const listNetworks = async (db: Db): Promise<readonly NetworkRow[]> =>
  (await db.select().from(networks).orderBy(networks.vni)).map(fromRow);

const byVni = hot((db) =>
  db
    .select()
    .from(networks)
    .where(eq(networks.vni, sql.placeholder('vni')))
    .prepare(),
);

export async function findNetwork(db: Db, vni: Vni): Promise<NetworkRow | undefined> {
  const row = byVni(db).get({ vni });
  return row && fromRow(row);
}

export async function insertNetwork(tx: Db, network: Network): Promise<void> {
  const { ip4, ...rest } = network;
  await tx.insert(networks).values({
    ...rest,
    ip4Network: ip4?.network ?? null,
    ip4Gateway: ip4?.gateway ?? null,
    dhcpStart: ip4?.dhcp?.start ?? null,
    dhcpEnd: ip4?.dhcp?.end ?? null,
  });
}

export async function markNetworkRemoving(tx: Db, vni: Vni, task: TaskId | null): Promise<void> {
  await tx.update(networks).set({ removing: task }).where(eq(networks.vni, vni));
}

const unmark = hotUpdate(networks, networks.removing);

/** Takes back the mark of a task that ended without removing. */
export async function unmarkNetworksOf(tx: Db, task: TaskId): Promise<void> {
  unmark(tx, task, { removing: null });
}

export async function deleteNetwork(tx: Db, vni: Vni): Promise<void> {
  await tx.delete(networks).where(eq(networks.vni, vni));
}
