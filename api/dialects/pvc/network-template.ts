import { notFound } from '../../../domain/fault.ts';
import type { Vni } from '../../../domain/ids.ts';
import type { NetworkTemplate } from '../../../domain/profile.ts';
import type { NetworkTemplateService } from '../../core/template/network.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { clearable, flag, integer, optional, word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { CHANGED, CLEARS, changed, listOf, ok } from './answer.ts';
import { limit, name } from './name.ts';
import { MAX_VNI } from './network.ts';

const NetObject = z
  .object({ id: z.int(), network_template: z.int(), vni: z.string() })
  .openapi('NetworkTemplateNet', { description: 'One Ethernet device; `vni` is a text, as later PVC has it.' });

export const NetworkTemplateObject = z
  .object({ id: z.int(), name: z.string(), mac_template: z.string().nullable(), networks: z.array(NetObject) })
  .openapi('NetworkTemplate');

const toNets = ({ id, nets }: NetworkTemplate): z.output<typeof NetObject>[] =>
  nets.map((net) => ({ id: net.id, network_template: id, vni: `${net.vni}` }));

export const toNetworkTemplate = (template: NetworkTemplate): z.output<typeof NetworkTemplateObject> => ({
  id: template.id,
  name: template.name,
  mac_template: template.macTemplate,
  networks: toNets(template),
});

const Named = z.object({ name: name('Name of the template.') });
const mac = word('MAC address with the holes {prefix}, {vmid}, {netid}; random addresses without.');
const New = Named.extend({ mac_template: optional(mac) });
const Change = Named.extend({ mac_template: clearable(mac) });
const Net = Named.extend({ vni: integer('VNI of a network.', 1, MAX_VNI) });
const NewNet = Net.extend({ permit_duplicate: flag('Whether the network may be in the template twice.').optional() });

const tag = 'provisioner / template';
const COLLECTION = '/provisioner/template/network';
const ELEMENT = `${COLLECTION}/:name`;
const NETS = `${ELEMENT}/net`;
const NET = `${NETS}/:vni`;

/** Network templates: which networks a VM is on, in the order of its Ethernet devices. */
export const networkTemplateRoutes = (templates: NetworkTemplateService): readonly Route[] => [
  ...elements(templates),
  ...nets(templates),
];

function elements(templates: NetworkTemplateService): readonly Route[] {
  const create = async ({ values, principal }: Context<z.output<typeof New>>) => {
    await templates.createNetwork(principal, values.name, values.mac_template ?? null);
    return changed(`Added network template '${values.name}'.`, values.name);
  };
  return [
    route(
      'get',
      COLLECTION,
      {
        tag,
        summary: 'List network templates',
        values: z.object({ limit: optional(limit('name')) }),
        responses: listOf(NetworkTemplateObject),
      },
      async ({ values, principal }) =>
        ok((await templates.listNetwork(principal, values.limit)).map(toNetworkTemplate)),
    ),
    ...[COLLECTION, ELEMENT].map((path) =>
      route('post', path, { tag, summary: 'Create a network template', values: New, responses: CHANGED }, create),
    ),
    route(
      'get',
      ELEMENT,
      { tag, summary: 'Show a network template', values: Named, responses: listOf(NetworkTemplateObject) },
      async ({ values, principal }) => ok([toNetworkTemplate(await templates.getNetwork(principal, values.name))]),
    ),
    route(
      'put',
      ELEMENT,
      {
        tag,
        summary: 'Change the MAC template of a network template',
        description: CLEARS,
        values: Change,
        responses: CHANGED,
      },
      async ({ values, principal }) => {
        const { name: template, mac_template: macTemplate } = values;
        await templates.updateNetwork(principal, template, macTemplate === undefined ? {} : { macTemplate });
        return changed(`Modified network template '${values.name}'.`, values.name);
      },
    ),
    route(
      'delete',
      ELEMENT,
      { tag, summary: 'Remove a network template', values: Named, responses: CHANGED },
      async ({ values, principal }) => {
        await templates.removeNetwork(principal, values.name);
        return changed(`Removed network template '${values.name}'.`, values.name);
      },
    ),
  ];
}

function nets(templates: NetworkTemplateService): readonly Route[] {
  const add = async ({ values, principal }: Context<z.output<typeof NewNet>>) => {
    await templates.addNet(principal, values.name, values.vni as Vni, values.permit_duplicate ?? false);
    return changed(`Added network ${values.vni} to network template '${values.name}'.`, values.name, {
      vni: values.vni,
    });
  };
  const remove = async ({ values, principal }: Context<z.output<typeof Net>>) => {
    await templates.removeNet(principal, values.name, values.vni as Vni);
    return changed(`Removed network ${values.vni} from network template '${values.name}'.`, values.name, {
      vni: values.vni,
    });
  };
  return [
    route(
      'get',
      NETS,
      {
        tag,
        summary: 'List the networks of a network template',
        values: Named.extend({ limit: optional(limit('vni')) }),
        responses: listOf(NetObject),
      },
      async ({ values, principal }) => ok(toNets(await templates.listNets(principal, values.name, values.limit))),
    ),
    route(
      'get',
      NET,
      { tag, summary: 'Show a network of a network template', values: Net, responses: listOf(NetObject) },
      async ({ values, principal }) => {
        const net = toNets(await templates.getNetwork(principal, values.name)).find(
          ({ vni }) => vni === `${values.vni}`,
        );
        if (net === undefined) throw notFound('network', `${values.vni}`, `network template '${values.name}'`);
        return ok([net]);
      },
    ),
    ...[NETS, NET].flatMap((path) => [
      route(
        'post',
        path,
        { tag, summary: 'Add a network to a network template', values: NewNet, responses: CHANGED },
        add,
      ),
      route(
        'delete',
        path,
        { tag, summary: 'Remove a network from a network template', values: Net, responses: CHANGED },
        remove,
      ),
    ]),
  ];
}
