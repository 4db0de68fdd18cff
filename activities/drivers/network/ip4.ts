import { isIPv4 } from 'node:net';
import { invalid } from '../../../domain/fault.ts';
import type { Ip4Config } from '../../../domain/network.ts';

export interface Subnet {
  readonly address: string;
  readonly prefix: number;
  readonly netmask: string;
  /** As nft and ip write it: the first address and the prefix. */
  readonly cidr: string;
}

const toNumber = (ip: string): number => ip.split('.').reduce((n, octet) => n * 256 + Number(octet), 0);
const fromNumber = (n: number): string => [24, 16, 8, 0].map((bits) => (n >>> bits) & 255).join('.');

/** Reads a network's CIDR; 'invalid' for anything that is none, or a gateway that is no address. */
export function subnet({ network, gateway }: Ip4Config): Subnet {
  const [ip = '', bits = ''] = network.split('/');
  const prefix = Number(bits);
  if (!isIPv4(ip) || !/^\d+$/.test(bits) || prefix < 1 || prefix > 30) {
    throw invalid('ip4_network', `'${network}' is no IPv4 network.`);
  }
  ip4Address('ip4_gateway', gateway);
  const mask = (0xffffffff << (32 - prefix)) >>> 0;
  const address = fromNumber((toNumber(ip) & mask) >>> 0);
  return { address, prefix, netmask: fromNumber(mask), cidr: `${address}/${prefix}` };
}

export const contains = ({ cidr, prefix }: Subnet, ip: string): boolean =>
  cidr === subnet({ network: `${ip}/${prefix}`, gateway: ip, dhcp: null }).cidr;

/** The text if it is an IPv4 address; 'invalid' otherwise. */
export function ip4Address(field: string, text: string): string {
  if (!isIPv4(text)) throw invalid(field, `'${text}' is no IPv4 address.`);
  return text;
}
