import type { SeedInput } from '../../domain/control-plane.ts';
import { invalid } from '../../domain/fault.ts';
import { type Guest, type GuestNic, hostNameOn } from '../../domain/guest.ts';
import { whyLost } from './multipart.ts';
import { renderUserdata } from './userdata.ts';

/** JSON is YAML with every string quoted: no key, MAC or name can be read as anything but itself. */
const yaml = (data: unknown): string => `${JSON.stringify(data, null, 2)}\n`;

/** A NoCloud seed's three documents. 'invalid' says what of the user-data cannot be filled, or would be lost on its way. */
export function renderSeed(guest: Guest): SeedInput {
  const userData = renderUserdata(guest);
  const lost = whyLost(userData);
  if (lost !== null) throw invalid('userdata', lost);
  return {
    metaData: yaml({ 'instance-id': guest.id, 'local-hostname': hostNameOn(guest, guest.nics[0]) }),
    userData,
    networkConfig: guest.nics.length === 0 ? null : yaml(networkConfig(guest.nics)),
  };
}

/** Version 2 of cloud-init's network configuration: eth0, eth1 … by their addresses. */
function networkConfig(nics: readonly GuestNic[]) {
  const device = (nic: GuestNic, index: number) => ({
    match: { macaddress: nic.mac },
    'set-name': `eth${index}`,
    ...(nic.mtu === null ? {} : { mtu: nic.mtu }),
    ...addressing(nic, index),
  });
  return { version: 2, ethernets: Object.fromEntries(nics.map((nic, index) => [`eth${index}`, device(nic, index)])) };
}

/** Fixed where we chose the address; else whoever answers on that network decides. */
function addressing(nic: GuestNic, index: number) {
  if (nic.ip === null || nic.network === null) return { dhcp4: true, ...(index > 0 ? { optional: true } : {}) };
  const search = nic.domain === null ? {} : { search: [nic.domain] };
  // As DHCP says it: the gateway answers, and asks the network's name servers itself.
  const servers = nic.gateway === null ? nic.nameServers : [nic.gateway];
  return {
    addresses: [`${nic.ip}/${nic.network.split('/')[1]}`],
    // One default route: the first device's.
    ...(index === 0 && nic.gateway !== null ? { routes: [{ to: '0.0.0.0/0', via: nic.gateway }] } : {}),
    ...(servers.length > 0 ? { nameservers: { addresses: servers, ...search } } : {}),
  };
}
