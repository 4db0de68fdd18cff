import { invalid } from '../../../domain/fault.ts';
import { bridgeOf, type Network } from '../../../domain/network.ts';
import { template } from '../template.ts';
import { subnet } from './ip4.ts';

const render = template('network/dnsmasq.conf', 'line');

/** Labels of letters, digits and hyphens: anything else would mean something to dnsmasq. */
const DNS_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;
const ADDRESS = /^[0-9a-f.:]+$/i;

/**
 * dnsmasq's configuration for a network with IPv4, whose files are in `dir`, on the bridge with the index `device`: the same
 * text for the same arguments.
 */
export function dnsmasqConf(network: Network, dir: string, device: number): string {
  const { ip4, domain, nameServers, nat, vni } = network;
  if (ip4 === null) throw new Error(`bug: network ${vni} has no IPv4 for dnsmasq to serve`);
  if (domain !== null && !DNS_NAME.test(domain)) throw invalid('domain', `'${domain}' is no domain name.`);
  for (const server of nameServers) {
    if (!ADDRESS.test(server)) throw invalid('name_servers', `'${server}' is no address.`);
  }
  const { address, netmask } = subnet(ip4);
  return render({
    vni,
    bridge: bridgeOf(vni),
    device,
    gateway: ip4.gateway,
    dir,
    domain: domain === null ? null : { name: domain },
    upstreams: nameServers.map((server) => ({ address: server })),
    own: nameServers.length === 0 && nat ? {} : null,
    alone: nameServers.length === 0 && !nat ? {} : null,
    dhcp: ip4.dhcp && {
      network: address,
      netmask,
      gateway: ip4.gateway,
      dir,
      mtu: network.mtu === null ? null : { bytes: network.mtu },
    },
  });
}
