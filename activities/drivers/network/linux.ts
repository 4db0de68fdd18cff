import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Vni } from '../../../domain/ids.ts';
import { bridgeOf, type Network } from '../../../domain/network.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Run } from '../run.ts';
import { bridges } from './bridge.ts';
import { dnsmasq } from './dnsmasq.ts';
import type { NetworkDriver } from './driver.ts';
import { rules } from './rules.ts';

export interface LinuxNetworkSettings {
  /** The node's own directory. */
  readonly dir: string;
  readonly run: Run;
  /** Port of the metadata service on 127.0.0.1 of this host; without it guests have none. */
  readonly metadataPort?: number;
  /** Device that bridged networks' VLANs are on. */
  readonly uplink?: string;
}

/** Networks of one host: a bridge, a dnsmasq and an nftables table each. */
export function linux({ dir, run, metadataPort, uplink }: LinuxNetworkSettings): NetworkDriver {
  const metadata = metadataPort !== undefined;
  const bridge = bridges(run, uplink);
  const table = rules(run);
  const dirOf = (vni: Vni): string => resolve(dir, 'networks', `${vni}`);
  const alone = oneAtATime<Vni>();

  const ensure = async (network: Network): Promise<void> => {
    const own = dirOf(network.vni);
    // Made first and removed last: as long as anything is left of a network, its directory says so.
    await mkdir(own, { recursive: true });
    await bridge.ensure(network, metadata);
    if (network.type === 'bridged' || network.ip4 === null) {
      await dnsmasq(own, run).end();
      await table.remove(own, network.vni);
      return;
    }
    await table.ensure(own, network, metadataPort ?? null);
    await run(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', ...localnet(network.vni, metadata)]);
    await dnsmasq(own, run).ensure(network);
  };

  return {
    traits: { metadata },
    ensure: (network) => alone(network.vni, () => ensure(network)),
    remove: (vni) =>
      alone(vni, async () => {
        const own = dirOf(vni);
        await mkdir(own, { recursive: true });
        await dnsmasq(own, run).end();
        await bridge.remove(vni);
        await table.remove(own, vni);
        await rm(own, { recursive: true, force: true });
      }),
    ensureLease: (nic) => alone(nic.vni, () => dnsmasq(dirOf(nic.vni), run).ensureGuest(nic)),
    removeLease: (vni, mac) => alone(vni, () => dnsmasq(dirOf(vni), run).removeGuest(mac)),
    list: async () => {
      await mkdir(join(dir, 'networks'), { recursive: true });
      const kept = (await readdir(join(dir, 'networks'))).map((name) => Number(name) as Vni);
      return [...new Set([...kept, ...(await bridge.list())])].sort((a, b) => a - b);
    },
  };
}

// Lets packets that the table sends to 127.0.0.1 in; its guard drops those that guests address there themselves.
const localnet = (vni: Vni, metadata: boolean): readonly string[] =>
  metadata ? [`net.ipv4.conf.${bridgeOf(vni)}.route_localnet=1`] : [];
