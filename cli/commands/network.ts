import { Command } from 'commander';
import { z } from 'zod';
import { invalid } from '../../domain/fault.ts';
import { part } from '../client/part.ts';
import { table } from '../client/table.ts';
import { begun } from './begun.ts';
import { apiOf, type ClientOptions, clientCommand, optionValues, printJson, printLine, repeated } from './client.ts';

const NetworkDocument = z.looseObject({
  vni: z.coerce.string(),
  description: z.string(),
  type: z.string(),
  ip4: z
    .looseObject({ network: z.string().nullish(), dhcp_start: z.string().nullish(), dhcp_end: z.string().nullish() })
    .nullish(),
});
type NetworkDocument = z.infer<typeof NetworkDocument>;

// The API says 'None' where nothing is set.
const said = (text: string | null | undefined): string | null => (text === 'None' ? null : (text ?? null));

const COLUMNS = {
  VNI: (net: NetworkDocument) => net.vni,
  DESCRIPTION: (net: NetworkDocument) => net.description,
  TYPE: (net: NetworkDocument) => net.type,
  IPV4: (net: NetworkDocument) => said(net.ip4?.network),
  DHCP: (net: NetworkDocument) => (said(net.ip4?.dhcp_start) ? `${net.ip4?.dhcp_start} - ${net.ip4?.dhcp_end}` : null),
};

const EXAMPLES = `
Examples:
  slipway network create 200 --description office --ip4-network 10.20.0.0/24 --ip4-gateway 10.20.0.1 \\
      --dhcp 10.20.0.100-10.20.0.199 --nat
  slipway network delete 200 --watch      once no VM and no network template has it`;

/** `slipway network …`. */
export const networkCommand = (): Command =>
  new Command('network')
    .description('Networks that VMs can be on')
    .addHelpText('after', EXAMPLES)
    .addCommand(list())
    .addCommand(create())
    .addCommand(remove());

const list = (): Command =>
  clientCommand('list', 'all networks').action(async (options: ClientOptions) => {
    const answer = await apiOf(options).get('/network');
    if (options.json) return printJson(answer);
    printLine(table(COLUMNS, z.array(NetworkDocument).parse(answer), 'No networks yet.'));
  });

interface CreateOptions extends ClientOptions {
  readonly type: string;
  readonly dhcp?: string;
}

const create = (): Command =>
  clientCommand('create', 'add a network')
    .argument('<vni>', 'VXLAN number of a managed network, VLAN of a bridged one')
    .requiredOption('--description <word>', 'what it is called, without white space')
    .option('--type <type>', 'managed: gateway, DHCP and DNS by Slipway; bridged: a VLAN of the outside', 'managed')
    .option('--ip4-network <cidr>', 'IPv4 network')
    .option('--ip4-gateway <address>', 'address of its gateway; needed with --ip4-network')
    .option('--dhcp <first-last>', 'addresses that guests get by DHCP')
    .option('--nat', 'guests reach the outside through their node')
    .option('--domain <domain>', 'DNS domain of the guests')
    .option(
      '--name-servers <address>',
      'asked for names of the outside; repeatable (with --nat: those of the node)',
      repeated,
    )
    .option('--mtu <bytes>', 'largest packet')
    .action(async (vni: string, { type, dhcp, ...options }: CreateOptions) => {
      const values = { ...optionValues({ ...options }), ...rangeOf(dhcp), vni, nettype: type };
      const api = apiOf(options);
      await begun(api, await api.post('/network', values), options);
    });

/** The API's values for `FIRST-LAST`. */
function rangeOf(dhcp: string | undefined): Readonly<Record<string, unknown>> {
  if (dhcp === undefined) return {};
  const [, first, last] = /^([^-]+)-([^-]+)$/.exec(dhcp) ?? [];
  if (first === undefined) throw invalid('--dhcp', `'${dhcp}' is not like 10.20.0.100-10.20.0.199.`);
  return { dhcp4: true, dhcp4_start: first, dhcp4_end: last };
}

const remove = (): Command =>
  clientCommand('delete', 'remove a network that no VM and no network template has')
    .argument('<network>', 'VNI or description')
    .option('--watch', 'wait until it is done; fail if it fails')
    .action(async (network: string, options: ClientOptions & { watch?: boolean }) => {
      const api = apiOf(options);
      await begun(api, await api.delete(`/network/${part(network)}`), options);
    });
