import { createHash } from 'node:crypto';
import { firstFree, formatIp4, parseIp4 } from '../../../domain/address.ts';
import { invalid, noCapacity } from '../../../domain/fault.ts';
import type { Mac, VmId } from '../../../domain/ids.ts';
import { macFromOctets, macFromTemplate } from '../../../domain/mac.ts';
import { vmIdOf } from '../../../domain/name.ts';
import type { Network, Nic } from '../../../domain/network.ts';
import { addressesTaken, macOwner } from '../../../store/nic.ts';
import type { Db } from '../../../store/open.ts';

interface Guest {
  readonly vm: VmId;
  readonly name: string;
  readonly macTemplate: string | null;
  /** Whether it may have its MAC addresses already. */
  readonly mayExist: boolean;
}

/** How many addresses are tried before a network counts as full of collisions; 2^23 exist. */
const MAC_ATTEMPTS = 64;

/** A place on each network, in this order, with addresses that nobody else has. */
export async function planNics(db: Db, networks: readonly Network[], guest: Guest): Promise<readonly Nic[]> {
  const planned: Nic[] = [];
  for (const [index, network] of networks.entries()) {
    const mac = await freeMac(db, guest, index, planned);
    const ip = await freeAddress(db, network, planned);
    planned.push({ vm: guest.vm, index, vni: network.vni, mac, ip, hostname: guest.name });
  }
  return planned;
}

async function freeMac(db: Db, guest: Guest, index: number, planned: readonly Nic[]): Promise<Mac> {
  const holder = async (mac: Mac): Promise<string | undefined> => {
    if (planned.some((nic) => nic.mac === mac)) return guest.name;
    const owner = await macOwner(db, mac);
    const own = guest.mayExist && owner?.toLowerCase() === guest.name.toLowerCase();
    return own ? undefined : owner;
  };
  if (guest.macTemplate !== null) {
    const mac = macFromTemplate(guest.macTemplate, vmIdOf(guest.name), index);
    const owner = await holder(mac);
    if (owner !== undefined) throw invalid('mac_template', `it makes ${mac}, which VM '${owner}' has.`);
    return mac;
  }
  for (let attempt = 0; attempt < MAC_ATTEMPTS; attempt += 1) {
    const mac = namedMac(guest.name, index, attempt);
    if ((await holder(mac)) === undefined) return mac;
  }
  throw noCapacity('No free MAC address was found.');
}

/** Made of the name instead of chance, so that what was rendered is what is created. */
function namedMac(name: string, index: number, attempt: number): Mac {
  const [a = 0, b = 0, c = 0] = createHash('sha256').update(`${name.toLowerCase()}/${index}/${attempt}`).digest();
  return macFromOctets([a, b, c]);
}

/** Null where DHCP is not ours: a guest could not learn of an address. */
async function freeAddress(db: Db, network: Network, planned: readonly Nic[]): Promise<string | null> {
  const { ip4, type, vni } = network;
  if (type !== 'managed' || !ip4?.dhcp) return null;
  const here = planned.flatMap((nic) => (nic.vni === vni && nic.ip !== null ? [nic.ip] : []));
  const taken = [ip4.gateway, ...here, ...(await addressesTaken(db, vni))];
  const [start, end] = [parseIp4(ip4.dhcp.start), parseIp4(ip4.dhcp.end)];
  if (start === null || end === null) throw new Error(`bug: network ${vni} has a DHCP range that is none`);
  const free = firstFree(start, end, new Set(taken.map((address) => parseIp4(address) ?? -1)));
  if (free === null) throw noCapacity(`Network ${vni} has no free address from ${ip4.dhcp.start} to ${ip4.dhcp.end}.`);
  return formatIp4(free);
}
