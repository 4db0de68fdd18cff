import { invalid } from '../../../domain/fault.ts';
import type { Vni } from '../../../domain/ids.ts';
import { type Ip4Config, MTU, type Network } from '../../../domain/network.ts';
import type { NetworkService } from '../../core/network.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { flag, integer, oneOf, optional, repeated, word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { begun, KEYED, keyOf, listOf, MESSAGE, ok, STARTED } from './answer.ts';
import { label, limit, name } from './name.ts';

export const MAX_VNI = 2 ** 24 - 1;

const Stack = z.object({ network: z.string(), gateway: z.string(), dhcp_flag: z.enum(['True', 'False']) });

const NetworkObject = z
  .object({
    vni: z.int(),
    description: z.string(),
    type: z.enum(['managed', 'bridged']),
    mtu: z.string(),
    domain: z.string(),
    name_servers: z.array(z.string()),
    ip6: Stack,
    ip4: Stack.extend({ dhcp_start: z.string(), dhcp_end: z.string() }),
    nat: z.boolean(),
  })
  .openapi('Network', { description: "Unset values are the text 'None', as PVC's clients expect." });

const UNSET = 'None';
const orUnset = (value: string | number | null | undefined): string =>
  value === null || value === undefined ? UNSET : `${value}`;

const toNetwork = ({ ip4, ...network }: Network): z.output<typeof NetworkObject> => ({
  vni: network.vni,
  description: network.description,
  type: network.type,
  mtu: orUnset(network.mtu),
  domain: orUnset(network.domain),
  name_servers: [...network.nameServers],
  ip6: { network: UNSET, gateway: UNSET, dhcp_flag: 'False' },
  ip4: {
    network: orUnset(ip4?.network),
    gateway: orUnset(ip4?.gateway),
    dhcp_flag: ip4?.dhcp ? 'True' : 'False',
    dhcp_start: orUnset(ip4?.dhcp?.start),
    dhcp_end: orUnset(ip4?.dhcp?.end),
  },
  nat: network.nat,
});

const NewNetwork = z.object({
  vni: integer('VXLAN number of a managed network, VLAN of a bridged one.', 1, MAX_VNI),
  description: label('Description, without white space.'),
  nettype: oneOf('managed: DHCP, gateway and DNS by the platform; bridged: a VLAN of the outside.', [
    'managed',
    'bridged',
  ]),
  mtu: optional(integer('MTU in bytes.', MTU.least, MTU.most)),
  domain: optional(word('DNS domain of the guests.')),
  name_servers: repeated(
    'Name servers that are asked for names of the outside; repeatable. With nat, those of the node without.',
    word('Address.'),
  ).optional(),
  ip4_network: optional(word('IPv4 network in CIDR notation.')),
  ip4_gateway: optional(word('Address of the gateway; needed with ip4_network.')),
  ip6_network: optional(word('Not supported yet.')),
  ip6_gateway: optional(word('Not supported yet.')),
  dhcp4: flag('Whether guests get their IPv4 address by DHCP.').optional(),
  dhcp4_start: optional(word('First address of the pool; needed with dhcp4.')),
  dhcp4_end: optional(word('Last address of the pool; needed with dhcp4.')),
  nat: flag('Whether guests reach the outside through their node (beyond PVC).').optional(),
});
type NewNetworkValues = z.output<typeof NewNetwork>;

function fromNetwork(values: NewNetworkValues): Network {
  const managed = values.nettype === 'managed';
  return {
    vni: values.vni as Vni,
    description: values.description,
    type: values.nettype,
    mtu: values.mtu ?? null,
    // The manual: a bridged network ignores all that follows.
    domain: managed ? (values.domain ?? null) : null,
    nameServers: managed
      ? (values.name_servers ?? []).flatMap((list) => list.split(',')).filter((one) => one !== '')
      : [],
    ip4: managed ? fromIp4(values) : null,
    nat: managed && (values.nat ?? false),
  };
}

function fromIp4(values: NewNetworkValues): Ip4Config | null {
  for (const field of ['ip6_network', 'ip6_gateway'] as const) {
    if (values[field] !== undefined) throw invalid(field, 'IPv6 networks are not supported.');
  }
  const { ip4_network: network, ip4_gateway: gateway, dhcp4_start: start, dhcp4_end: end } = values;
  if (network === undefined) {
    if (values.dhcp4 || gateway !== undefined) throw invalid('ip4_network', 'is required for a gateway or DHCP.');
    return null;
  }
  if (gateway === undefined) throw invalid('ip4_gateway', 'is required with ip4_network.');
  if (!values.dhcp4) return { network, gateway, dhcp: null };
  if (start === undefined) throw invalid('dhcp4_start', 'is required with dhcp4.');
  if (end === undefined) throw invalid('dhcp4_end', 'is required with dhcp4.');
  return { network, gateway, dhcp: { start, end } };
}

const tag = 'network';

/** Virtual networks. */
export function networkRoutes(networks: NetworkService): readonly Route[] {
  const create = async ({ values, principal }: Context<NewNetworkValues>) => {
    const network = fromNetwork(values);
    await networks.create(principal, network);
    return ok({ message: `Network '${network.description}' added with VNI ${network.vni}.` });
  };
  const Reference = z.object({ vni: name('VNI or description of the network.') });
  return [
    route(
      'get',
      '/network',
      {
        tag,
        summary: 'List networks',
        values: z.object({ limit: optional(limit('description')) }),
        responses: listOf(NetworkObject),
      },
      async ({ values, principal }) => ok((await networks.list(principal, values.limit)).map(toNetwork)),
    ),
    ...['/network', '/network/:vni'].map((path) =>
      route('post', path, { tag, summary: 'Add a network', values: NewNetwork, responses: MESSAGE }, create),
    ),
    route(
      'get',
      '/network/:vni',
      { tag, summary: 'Show a network', values: Reference, responses: listOf(NetworkObject) },
      async ({ values, principal }) => ok([toNetwork(await networks.get(principal, values.vni))]),
    ),
    route(
      'delete',
      '/network/:vni',
      {
        tag,
        summary: 'Remove a network',
        description: 'Answers at once; the task has removed it when it has left every node.',
        values: Reference,
        headers: KEYED,
        responses: STARTED,
      },
      async (context) => {
        const { vni } = context.values;
        const task = await networks.remove(context.principal, vni, keyOf(context));
        return begun(context, task, `Network '${vni}' is being removed.`);
      },
    ),
  ];
}
