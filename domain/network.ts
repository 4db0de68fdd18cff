import type { Mac, VmId, Vni } from './ids.ts';

export interface Ip4Config {
  /** CIDR. */
  readonly network: string;
  readonly gateway: string;
  readonly dhcp: { readonly start: string; readonly end: string } | null;
}

/** A network as the store keeps it; drivers make it so on a node. */
export interface Network {
  readonly vni: Vni;
  readonly description: string;
  readonly type: 'managed' | 'bridged';
  readonly mtu: number | null;
  readonly domain: string | null;
  readonly nameServers: readonly string[];
  readonly ip4: Ip4Config | null;
  /** Whether guests reach the outside through the node (nftables masquerade). */
  readonly nat: boolean;
}

/** Bytes that a network's MTU may be: IPv4 has every host take 576, and Linux has no more than the other. */
export const MTU = { least: 576, most: 65_535 } as const;

/** One guest's place on a network: fixed at reservation, so that DHCP has nothing to decide. */
export interface Nic {
  readonly vm: VmId;
  readonly index: number;
  readonly vni: Vni;
  readonly mac: Mac;
  /** IPv4 address, on managed networks with one. */
  readonly ip: string | null;
  readonly hostname: string;
}

/** Linux name of a network's bridge on every node. */
export const bridgeOf = (vni: Vni): string => `vmbr${vni}`;

/** Where guests find the metadata service (EC2's link-local address). */
export const METADATA_ADDRESS = '169.254.169.254';

/** Linux name of a guest's port on its bridge: by it the host knows which guest a frame comes from. At most 15 characters. */
export const portOf = (mac: string): string => `tap${mac.replaceAll(':', '')}`;
