import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { conflict, internal, invalid } from '../../../domain/fault.ts';
import type { Vni } from '../../../domain/ids.ts';
import { bridgeOf, METADATA_ADDRESS, type Network } from '../../../domain/network.ts';
import type { Run } from '../run.ts';
import { contains, subnet } from './ip4.ts';

/** What ip link says of a device; only what is read here. */
interface Link {
  readonly ifindex: number;
  readonly ifname: string;
  readonly ifalias?: string;
  readonly mtu?: number;
  readonly flags?: readonly string[];
}
/** What ip address says of it besides. */
interface Device extends Link {
  readonly addr_info?: readonly { readonly family: string; readonly local?: string; readonly prefixlen?: number }[];
}

/** Begins the alias of every bridge of ours; the node's directory follows, since several installations may share a host. */
const ALIAS = 'slipway ';
const ALIAS_MAX = 255; // Linux: IFALIASZ - 1
const ETHERNET_MTU = 1500;
const NO_DEVICE = 1; // exit status of `ip link show` and `ip address show` for a device that is not there

/** Locally administered, unicast. */
const randomMac = (): string =>
  ['02', ...[...randomBytes(5)].map((octet) => octet.toString(16).padStart(2, '0'))].join(':');

/** The bridges of the node whose directory is `dir`, by iproute2. */
export function bridges(dir: string, run: Run, uplink: string | undefined) {
  const alias = `${ALIAS}${dir.slice(ALIAS.length - ALIAS_MAX)}`;
  const vlanOf = (vni: Vni): string => `vlan${vni}`;
  const find = async (device: string): Promise<Link | undefined> => {
    const { code, stdout } = await run(['ip', '-json', 'link', 'show', 'dev', device], { okCodes: [0, NO_DEVICE] });
    return code === 0 ? (JSON.parse(stdout) as readonly Link[])[0] : undefined;
  };
  /** With its addresses, which `ip link` does not show, as `ip address` does not show the alias. */
  const findDevice = async (device: string): Promise<Device | undefined> => {
    const asked = ['ip', '-json', 'address', 'show', 'dev', device] as const;
    const [link, { code, stdout }] = await Promise.all([find(device), run(asked, { okCodes: [0, NO_DEVICE] })]);
    if (link === undefined || code !== 0) return undefined;
    return { ...link, ...(JSON.parse(stdout || '[]') as readonly Device[])[0] };
  };
  // Without an alias it is one of ours that was only half made, or one that an operator made for this network; and
  // whoever removed an installation's directory has left its bridges to the next.
  const foreign = (link: Link | undefined): boolean => {
    const theirs = link?.ifalias;
    if (theirs === undefined || theirs === alias) return false;
    return !theirs.startsWith(ALIAS) || theirs.length >= ALIAS_MAX || existsSync(theirs.slice(ALIAS.length));
  };
  const wayOut = (bridge: string, theirs = ''): string =>
    theirs.startsWith(ALIAS)
      ? 'another installation, whose guests may be on it; a host has one at a time (slipway down --guests --data DIR ends it).'
      : `if nothing needs it any more, 'ip link delete ${bridge}' removes it.`;
  const removeLink = async (device: string): Promise<void> => {
    if (await find(device)) await run(['ip', 'link', 'delete', 'dev', device]);
  };

  const ensureVlan = async (vni: Vni, bridge: string): Promise<void> => {
    if (uplink === undefined) throw invalid('type', 'a bridged network needs this node to have an uplink device.');
    const vlan = vlanOf(vni);
    if (!(await find(vlan))) {
      await run(['ip', 'link', 'add', 'link', uplink, 'name', vlan, 'type', 'vlan', 'id', `${vni}`]);
    }
    await run(['ip', 'link', 'set', 'dev', vlan, 'master', bridge, 'up']);
  };

  return {
    /** Succeeds if the bridge is there, up, and carries exactly these addresses; returns its index. */
    ensure: async (network: Network, metadata: boolean): Promise<number> => {
      const bridge = bridgeOf(network.vni);
      const addresses = wanted(network, metadata);
      const mtu = network.mtu ?? ETHERNET_MTU;
      const there = await findDevice(bridge);
      // Most often everything is as it should be: then one look is all.
      const asWanted = there?.ifalias === alias && there.mtu === mtu && there.flags?.includes('UP');
      if (asWanted && network.type === 'managed' && hasExactly(there, addresses)) return there.ifindex;
      if (foreign(there))
        throw conflict(`${bridge} on this host belongs to '${there?.ifalias}': ${wayOut(bridge, there?.ifalias)}`);
      await mustBeNobodys(run, network);
      if (!there) {
        // An address of its own: else it is that of a port, and guests lose their gateway whenever that one changes.
        const made = ['name', bridge, 'address', randomMac(), 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0'];
        await run(['ip', 'link', 'add', ...made]);
      }
      await run(['ip', 'link', 'set', 'dev', bridge, 'alias', alias, 'mtu', `${mtu}`, 'up']);
      if (network.type === 'bridged') await ensureVlan(network.vni, bridge);
      const link = await findDevice(bridge);
      if (link) await ensureAddresses(run, link, addresses);
      if (!link) throw internal(`The bridge ${bridge} is gone again.`);
      return link.ifindex;
    },
    /** Succeeds if it is not there; false if it is another's, which is left alone. */
    remove: async (vni: Vni): Promise<boolean> => {
      if (foreign(await find(bridgeOf(vni)))) return false;
      await removeLink(bridgeOf(vni));
      await removeLink(vlanOf(vni));
      return true;
    },
    list: async (): Promise<readonly Vni[]> => {
      const { stdout } = await run(['ip', '-json', 'link', 'show', 'type', 'bridge']);
      const links = JSON.parse(stdout || '[]') as readonly Link[];
      return links
        .filter((link) => link.ifalias === alias)
        .map((link) => /^vmbr(\d+)$/.exec(link.ifname)?.[1])
        .filter((vni) => vni !== undefined)
        .map((vni) => Number(vni) as Vni);
    },
  };
}

/** Addresses of the host on a network, each with the words that `ip address add` wants besides. */
function wanted(network: Network, metadata: boolean): ReadonlyMap<string, readonly string[]> {
  if (network.type !== 'managed' || network.ip4 === null) return new Map();
  const gateway = `${network.ip4.gateway}/${subnet(network.ip4).prefix}`;
  // The label keeps dnsmasq from listening there: it would be in the way of the next network's.
  const label = ['label', `${bridgeOf(network.vni)}:md`];
  return new Map([[gateway, []], ...(metadata ? [[`${METADATA_ADDRESS}/32`, label] as const] : [])]);
}

/** Throws 'conflict' if another device of this host has an address in the network: one of both would be out of reach. */
async function mustBeNobodys(run: Run, { vni, ip4 }: Network): Promise<void> {
  if (ip4 === null) return;
  const { stdout } = await run(['ip', '-json', '-4', 'address', 'show']);
  const [own, range] = [bridgeOf(vni), subnet(ip4)];
  for (const { ifname, addr_info = [] } of JSON.parse(stdout || '[]') as readonly Device[]) {
    const inside = addr_info.find(({ local }) => local !== undefined && contains(range, local));
    if (ifname !== own && inside)
      throw conflict(
        `${ip4.network} of network ${vni} has ${inside.local} in it, which is this host's own on ${ifname}.`,
      );
  }
}

const addressesOf = ({ addr_info = [] }: Device): readonly string[] =>
  addr_info.filter(({ family }) => family === 'inet').map(({ local, prefixlen }) => `${local}/${prefixlen}`);

function hasExactly(device: Device, addresses: ReadonlyMap<string, unknown>): boolean {
  const now = addressesOf(device);
  return now.length === addresses.size && now.every((address) => addresses.has(address));
}

async function ensureAddresses(
  run: Run,
  device: Device,
  addresses: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const now = addressesOf(device);
  for (const old of now.filter((address) => !addresses.has(address))) {
    await run(['ip', 'address', 'delete', old, 'dev', device.ifname]);
  }
  for (const [address, words] of addresses) {
    if (!now.includes(address)) await run(['ip', 'address', 'add', address, 'dev', device.ifname, ...words]);
  }
}
