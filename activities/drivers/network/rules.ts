import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vni } from '../../../domain/ids.ts';
import { bridgeOf, METADATA_ADDRESS, type Network } from '../../../domain/network.ts';
import type { Run } from '../run.ts';
import { template } from '../template.ts';
import { subnet } from './ip4.ts';

const render = template('network/rules.nft', 'line');

/** nft's input that makes the network's table what it has to be: the same text for the same arguments. */
export function rulesText(network: Network, metadataPort: number | null): string {
  const bridge = bridgeOf(network.vni);
  const ip4 = network.type === 'managed' ? network.ip4 : null;
  const cidr = ip4 && subnet(ip4).cidr;
  return render({
    vni: network.vni,
    metadata:
      cidr === null || metadataPort === null
        ? null
        : { bridge, address: METADATA_ADDRESS, port: metadataPort, network: cidr },
    nat: cidr !== null && network.nat ? { bridge, network: cidr } : null,
  });
}

/** One nftables table a network. nft opens its input by name, which a socket does not allow: so it gets a file of `dir`. */
export function rules(run: Run) {
  const apply = async (dir: string, text: string): Promise<void> => {
    const file = join(dir, 'rules.nft');
    await writeFile(file, text);
    await run(['nft', '-f', file]);
  };
  return {
    ensure: (dir: string, network: Network, metadataPort: number | null) =>
      apply(dir, rulesText(network, metadataPort)),
    remove: async (dir: string, vni: Vni): Promise<void> => {
      const table = `table inet slipway_${vni}`;
      await apply(dir, `add ${table}\ndelete ${table}\n`);
      await rm(join(dir, 'rules.nft'), { force: true });
    },
  };
}
