import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { notFound } from '../../../domain/fault.ts';
import type { Vni } from '../../../domain/ids.ts';
import { bridgeOf, type Ip4Config, type Network, type Nic } from '../../../domain/network.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Run } from '../run.ts';
import { stateFiles } from '../state-files.ts';
import { bridges } from './bridge.ts';
import { dnsmasq } from './dnsmasq.ts';
import type { NetworkDriver } from './driver.ts';
import { rules, rulesText } from './rules.ts';

export interface LinuxNetworkSettings {
  /** The node's own directory. */
  readonly dir: string;
  readonly run: Run;
  /** Port of the metadata service on 127.0.0.1 of this host; without it guests have none. */
  readonly metadataPort?: number;
  /** Device that bridged networks' VLANs are on. */
  readonly uplink?: string;
}

type Managed = Network & { readonly ip4: Ip4Config };

const isServed = (network: Network): network is Managed => network.type === 'managed' && network.ip4 !== null;

/**
 * Networks of one host: a bridge, a dnsmasq and nftables tables each. A guest's port is known by its name (`portOf`): from
 * there no other guest's address is taken, and only guests with a lease get to the metadata service. Address translation
 * needs net.ipv4.ip_forward, which stays on: other programs may have come to count on it.
 */
export function linux({ dir, run, metadataPort, uplink }: LinuxNetworkSettings): NetworkDriver {
  const metadata = metadataPort !== undefined;
  const bridge = bridges(resolve(dir), run, uplink);
  const tables = rules(run);
  const { dirOf, described, guests, made } = records(dir);
  const alone = oneAtATime<Vni>();

  const ensureRules = async (network: Managed): Promise<void> => {
    const nics = await guests(network.vni).all();
    await tables.ensure(dirOf(network.vni), rulesText(network, nics, metadataPort ?? null));
  };
  const ensure = async (network: Network, nics: readonly Nic[]): Promise<void> => {
    const own = dirOf(network.vni);
    // Made first and removed last: as long as anything is left of a network, its directory says so.
    await mkdir(own, { recursive: true });
    for (const nic of nics) await guests(network.vni).put(nic.mac, nic);
    const device = await bridge.ensure(network, metadata);
    if (isServed(network)) {
      const sysctls = [...(network.nat ? [FORWARD] : []), ...(metadata ? [localnet(network.vni)] : [])];
      // Before it can be used, an address is nobody else's.
      await Promise.all([ensureRules(network), sysctls.length > 0 ? run(['sysctl', '-q', '-w', ...sysctls]) : null]);
      const server = dnsmasq(own, run);
      await server.ensure(network, device);
      for (const nic of nics) await server.ensureGuest(nic);
    } else {
      await dnsmasq(own, run).end();
      await tables.remove(own, network.vni);
    }
    await described(network.vni).put(NETWORK, network);
  };
  /** The network, if its dnsmasq or its tables were gone and are back; null if there was nothing to do. */
  const keep = async (vni: Vni, whole: ReadonlySet<Vni>): Promise<Vni | null> => {
    const network = await described(vni).find(NETWORK);
    if (!network || !isServed(network)) return null;
    // One that was being made when all were listed is whole by now.
    const tabled = async (): Promise<boolean> => whole.has(vni) || (await tables.whole()).has(vni);
    if ((await dnsmasq(dirOf(vni), run).keeps()) && (await tabled())) return null;
    await ensure(network, []);
    return vni;
  };

  return {
    traits: { metadata },
    ensure: (network, nics = []) => alone(network.vni, () => ensure(network, nics)),
    remove: (vni) =>
      alone(vni, async () => {
        const own = dirOf(vni);
        await mkdir(own, { recursive: true });
        // From now on it is none to be kept.
        await described(vni).drop(NETWORK);
        await dnsmasq(own, run).end();
        // The tables are of whoever has the bridge.
        if (await bridge.remove(vni)) await tables.remove(own, vni);
        await rm(own, { recursive: true, force: true });
      }),
    ensureLease: (nic) =>
      alone(nic.vni, async () => {
        const network = await described(nic.vni).find(NETWORK);
        if (!network) throw notFound('network', `${nic.vni}`);
        await guests(nic.vni).put(nic.mac, nic);
        if (!isServed(network)) return;
        // Before it can be used, an address is nobody else's.
        await ensureRules(network);
        await dnsmasq(dirOf(nic.vni), run).ensureGuest(nic);
      }),
    removeLease: (vni, mac) =>
      alone(vni, async () => {
        await dnsmasq(dirOf(vni), run).removeGuest(mac);
        await guests(vni).drop(mac);
        const network = await described(vni).find(NETWORK);
        if (network && isServed(network)) await ensureRules(network);
      }),
    keep: async () => {
      const all = await made();
      const whole = all.length > 0 ? await tables.whole() : new Set<Vni>();
      const back = await Promise.all(all.map((vni) => alone(vni, () => keep(vni, whole))));
      return back.filter((vni) => vni !== null);
    },
    list: async () => [...new Set([...(await made()), ...(await bridge.list())])].sort((a, b) => a - b),
  };
}

/** What a node's directory keeps of its networks: a directory each, with the network's description and its guests. */
function records(dir: string) {
  const dirOf = (vni: Vni): string => resolve(dir, 'networks', `${vni}`);
  return {
    dirOf,
    described: (vni: Vni) => stateFiles<Network>(dirOf(vni)),
    guests: (vni: Vni) => stateFiles<Nic>(join(dirOf(vni), 'nics')),
    made: async (): Promise<readonly Vni[]> => {
      await mkdir(join(dir, 'networks'), { recursive: true });
      return (await readdir(join(dir, 'networks'))).map((name) => Number(name) as Vni);
    },
  };
}

/** The state file that says how a network was made last. */
const NETWORK = 'network';
const FORWARD = 'net.ipv4.ip_forward=1';

// Lets packets that the table sends to 127.0.0.1 in; its guard drops those that guests address there themselves.
const localnet = (vni: Vni): string => `net.ipv4.conf.${bridgeOf(vni)}.route_localnet=1`;
