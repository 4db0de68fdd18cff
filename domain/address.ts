/** IPv4 arithmetic: addresses are numbers from 0 to 2^32-1. */
export interface Cidr4 {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

const OCTET = /^(0|[1-9][0-9]{0,2})$/;

/** Null for anything but four decimal octets. */
export function parseIp4(text: string): number | null {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255)) return null;
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

export const formatIp4 = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');

/** Null unless it is a network's own address and a prefix from 1 to 32. */
export function parseCidr4(text: string): Cidr4 | null {
  const [address = '', prefix = '', ...rest] = text.split('/');
  const first = parseIp4(address);
  if (first === null || rest.length > 0 || !/^[1-9][0-9]?$/.test(prefix) || Number(prefix) > 32) return null;
  const size = 2 ** (32 - Number(prefix));
  if (first % size !== 0) return null;
  return { first, last: first + size - 1, prefix: Number(prefix) };
}

export const overlap = (a: Cidr4, b: Cidr4): boolean => a.first <= b.last && b.first <= a.last;

/** Whether a guest may have this address: inside, and neither the network's own nor its broadcast address. */
export function isHost(network: Cidr4, address: number): boolean {
  if (network.prefix >= 31) return address >= network.first && address <= network.last;
  return address > network.first && address < network.last;
}

/** The lowest address from `start` to `end` that is not taken; null if all are. */
export function firstFree(start: number, end: number, taken: ReadonlySet<number>): number | null {
  for (let address = start; address <= end; address += 1) {
    if (!taken.has(address)) return address;
  }
  return null;
}
