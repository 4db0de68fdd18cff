import { and, asc, eq, ne, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import type { Guest } from '../domain/guest.ts';
import type { VmId } from '../domain/ids.ts';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { networks } from './schema/network.ts';
import { textContents } from './schema/template.ts';
import { nics, vms } from './schema/vm.ts';

const columns = {
  id: vms.id,
  name: vms.name,
  node: vms.node,
  profile: vms.profile,
  args: vms.args,
  userdata: textContents.text,
  vni: nics.vni,
  mac: nics.mac,
  ip: nics.ip,
  network: networks.ip4Network,
  gateway: networks.ip4Gateway,
  dhcpStart: networks.dhcpStart,
  nameServers: networks.nameServers,
  domain: networks.domain,
  mtu: networks.mtu,
};

const asker = alias(nics, 'asker');

/** One query by the index on addresses: a row per interface of the guest that has this address. */
export const selectByAddress = (db: Db) =>
  db
    .select(columns)
    .from(asker)
    .innerJoin(vms, eq(vms.id, asker.vm))
    .leftJoin(textContents, eq(textContents.sha256, vms.userdataSha256))
    .innerJoin(nics, eq(nics.vm, vms.id))
    .innerJoin(networks, eq(networks.vni, nics.vni))
    .where(and(eq(asker.ip, sql.placeholder('ip')), ne(vms.state, 'deleting')))
    .orderBy(asc(nics.index));

const byAddress = hot((db) => selectByAddress(db).prepare());

const byVm = hot((db) =>
  db
    .select(columns)
    .from(vms)
    .leftJoin(textContents, eq(textContents.sha256, vms.userdataSha256))
    .leftJoin(nics, eq(nics.vm, vms.id))
    .leftJoin(networks, eq(networks.vni, nics.vni))
    .where(eq(vms.id, sql.placeholder('vm')))
    .orderBy(asc(nics.index))
    .prepare(),
);

export async function findGuestByAddress(db: Db, ip: string): Promise<Guest | undefined> {
  return toGuest(await byAddress(db).all({ ip }));
}

export async function findGuest(db: Db, vm: VmId): Promise<Guest | undefined> {
  return toGuest(await byVm(db).all({ vm }));
}

function toGuest(rows: Awaited<ReturnType<ReturnType<typeof byVm>['all']>>): Guest | undefined {
  const [first] = rows;
  if (!first) return undefined;
  const { id, name, node, profile, args, userdata } = first;
  const list = rows.flatMap(({ vni, mac, ip, network, gateway, dhcpStart, nameServers, domain, mtu }) =>
    vni === null || mac === null
      ? []
      : [{ vni, mac, ip, network, gateway, dhcp: dhcpStart !== null, nameServers: nameServers ?? [], domain, mtu }],
  );
  return { id, name, node, profile, args, userdata, nics: list };
}
