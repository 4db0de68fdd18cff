import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid } from '../../../domain/fault.ts';
import type { Vni } from '../../../domain/ids.ts';
import { bridgeOf, type Ip4Config, METADATA_ADDRESS, type Network, type Nic, portOf } from '../../../domain/network.ts';
import type { Run } from '../run.ts';
import { template } from '../template.ts';
import { ip4Address, subnet } from './ip4.ts';

const render = template('network/rules.nft', 'line');

/** Where a guest is and what it may call itself. */
export type RuleGuest = Pick<Nic, 'mac' | 'ip'>;

const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

/** nft's input that makes the tables of a network with IPv4 what they have to be: the same text for the same arguments. */
export function rulesText(
  network: Network & { readonly ip4: Ip4Config },
  guests: readonly RuleGuest[],
  metadataPort: number | null,
): string {
  const { vni, ip4, nat } = network;
  const bridge = bridgeOf(vni);
  const { cidr } = subnet(ip4);
  const known = guests.map(checked).sort((a, b) => a.mac.localeCompare(b.mac));
  const addresses = known.flatMap(({ mac, ip }) => (ip === null ? [] : [{ vni, mac, ip, port: portOf(mac) }]));
  return render({
    vni,
    bridge,
    network: cidr,
    metadata: metadataPort === null ? null : { bridge, address: METADATA_ADDRESS, port: metadataPort },
    nat: nat ? { bridge, network: cidr } : null,
    taken: [ip4.gateway, METADATA_ADDRESS].map((ip) => ({ vni, ip })),
    ports: known.map(({ mac }) => ({ vni, mac, port: portOf(mac), client: `0x${mac.replaceAll(':', '')}` })),
    addresses: addresses.map(({ ip, port }) => ({ vni, ip, port })),
    metadataGuests: metadataPort === null ? [] : addresses.map(({ mac, ip }) => ({ vni, mac, ip })),
  });
}

function checked({ mac, ip }: RuleGuest): RuleGuest {
  if (!MAC.test(mac)) throw invalid('mac', `'${mac}' is no MAC address.`);
  return { mac, ip: ip === null ? null : ip4Address('ip', ip) };
}

/** Two nftables tables a network. nft opens its input by name, which a socket does not allow: so it gets a file of `dir`. */
export function rules(run: Run) {
  const apply = async (dir: string, text: string): Promise<void> => {
    const file = join(dir, 'rules.nft');
    await writeFile(file, text);
    await run(['nft', '-f', file]);
  };
  return {
    ensure: apply,
    /** VNIs of networks that have both tables. */
    whole: async (): Promise<ReadonlySet<Vni>> => {
      const { stdout } = await run(['nft', 'list', 'tables']);
      const counts = new Map<Vni, number>();
      for (const [, number] of stdout.matchAll(/^table (?:inet|bridge) slipway_(\d+)$/gm)) {
        const vni = Number(number) as Vni;
        counts.set(vni, (counts.get(vni) ?? 0) + 1);
      }
      return new Set([...counts].filter(([, count]) => count === 2).map(([vni]) => vni));
    },
    remove: async (dir: string, vni: Vni): Promise<void> => {
      const tables = ['inet', 'bridge'].map((family) => `table ${family} slipway_${vni}`);
      await apply(dir, tables.map((table) => `add ${table}\ndelete ${table}\n`).join(''));
      await rm(join(dir, 'rules.nft'), { force: true });
    },
  };
}
