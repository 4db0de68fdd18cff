import type { Mac, NodeName, VmId, Vni } from './ids.ts';

/** One interface of a guest, with what its network says. */
export interface GuestNic {
  readonly vni: Vni;
  readonly mac: Mac;
  readonly ip: string | null;
  /** CIDR. */
  readonly network: string | null;
  readonly gateway: string | null;
  readonly dhcp: boolean;
  readonly nameServers: readonly string[];
  readonly domain: string | null;
  readonly mtu: number | null;
}

/** Everything a guest may be told of itself. */
export interface Guest {
  readonly id: VmId;
  readonly name: string;
  readonly node: NodeName;
  readonly profile: string | null;
  readonly args: Readonly<Record<string, string>>;
  /** User-data as its author wrote it; null without. */
  readonly userdata: string | null;
  /** In the order of its Ethernet devices. */
  readonly nics: readonly GuestNic[];
}

/** The host name that a guest is told on a network: with that network's domain, if it has one. */
export const hostNameOn = ({ name }: Pick<Guest, 'name'>, nic: Pick<GuestNic, 'domain'> | undefined): string =>
  nic?.domain ? `${name}.${nic.domain}` : name;
