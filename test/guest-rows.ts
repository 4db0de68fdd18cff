import type { Mac, NodeName, VmId, Vni } from '../domain/ids.ts';
import { mib } from '../domain/units.ts';
import { insertNics } from '../store/nic.ts';
import type { Store } from '../store/open.ts';
import { networks } from '../store/schema/network.ts';
import type { vms } from '../store/schema/vm.ts';
import { insertVm } from '../store/vm.ts';

/** A VM as the store keeps it, running on hv1. */
export const aVmRow = (id: string, change: Partial<typeof vms.$inferInsert> = {}): typeof vms.$inferInsert => ({
  id: id as VmId,
  name: id,
  tenant: 'default',
  state: 'running',
  node: 'hv1' as NodeName,
  description: '',
  memory: mib(512),
  vcpus: 1,
  selector: 'mem',
  autostart: false,
  serial: true,
  createdAt: 0,
  args: {},
  ...change,
});

/** Network n, 10.N.0.0/16, as the store keeps it. */
export async function insertNetworkRow(store: Store, n: number): Promise<void> {
  const row: typeof networks.$inferInsert = {
    vni: n as Vni,
    description: `network ${n}`,
    type: 'managed',
    domain: `n${n}.test`,
    nameServers: [],
    nat: true,
    ip4Network: `10.${n}.0.0/16`,
    ip4Gateway: `10.${n}.0.1`,
    dhcpStart: `10.${n}.0.16`,
    dhcpEnd: `10.${n}.255.254`,
  };
  await store.write(async (tx) => {
    await tx.insert(networks).values(row);
  });
}

/** A VM with a device at each of these addresses, on the network that the address's second octet names. */
export async function insertGuestRow(
  store: Store,
  row: typeof vms.$inferInsert,
  ips: readonly string[],
): Promise<void> {
  await store.write(async (tx) => {
    await insertVm(tx, row);
    await insertNics(
      tx,
      ips.map((ip, index) => ({
        vm: row.id,
        index,
        vni: Number(ip.split('.')[1]) as Vni,
        mac: macOf(ip),
        ip,
        hostname: row.name,
      })),
    );
  });
}

/** The MAC of the device that has this address. */
export const macOf = (ip: string): Mac =>
  ['52:54', ...ip.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))].join(':') as Mac;
