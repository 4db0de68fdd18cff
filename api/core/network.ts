import { randomUUID } from 'node:crypto';
import { isHost, overlap, parseCidr4, parseIp4 } from '../../domain/address.ts';
import { conflict, exists, invalid, notFound } from '../../domain/fault.ts';
import type { TaskId, Vni } from '../../domain/ids.ts';
import { MTU, type Network } from '../../domain/network.ts';
import type { RemoveNetwork } from '../../domain/plan.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Task } from '../../domain/task.ts';
import { findNetwork, insertNetwork, listNetworks, markNetworkRemoving, type NetworkRow } from '../../store/network.ts';
import { templatesWithNet } from '../../store/network-template.ts';
import { listNodes } from '../../store/node.ts';
import type { Db } from '../../store/open.ts';
import { findTask, insertTask, toTask } from '../../store/task.ts';
import { vmsOnNetwork } from '../../store/vm.ts';
import { mustAdminister } from './authorize.ts';
import { matching } from './limit.ts';
import { type Outcome, once } from './once.ts';
import type { CoreParts } from './parts.ts';
import { startSoon } from './start.ts';

export interface NetworkService {
  /** `limit`: regular expression over descriptions and numbers, as for VMs. */
  list(who: Principal, limit?: string): Promise<readonly Network[]>;
  /** By VNI or description. */
  get(who: Principal, ref: string): Promise<Network>;
  /** 'invalid' with the field for bad addresses, a gateway or DHCP range outside the network, or one that overlaps another network's. */
  create(who: Principal, network: Network): Promise<void>;
  /** The task that removes it from every node, begun already or now; 'conflict' while a VM or a network template uses it. */
  remove(who: Principal, ref: string, key?: string | null): Promise<Task>;
}

/** RFC 1035: labels of letters, digits and inner hyphens. */
const DOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Hosts keep these to themselves: no address yet, loopback, link-local with the metadata service, multicast and beyond. */
const RESERVED = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'].map((text) => parseCidr4(text));

/** VXLAN's numbers have 24 bits. */
const VNI_MAX = 2 ** 24 - 1;

/** Networks: everybody may read them, administrators change them. */
export function networkService(parts: Pick<CoreParts, 'store' | 'jobs' | 'log'>): NetworkService {
  const { store } = parts;
  return {
    list: async (_who, limit) => {
      const all = await listNetworks(store.read);
      const [byName, byNumber] = [
        new Set(matching(limit, all, ({ description }) => description)),
        new Set(matching(limit, all, ({ vni }) => String(vni))),
      ];
      return all.filter((row) => byName.has(row) || byNumber.has(row)).map(toNetwork);
    },
    get: async (_who, ref) => toNetwork(await getNetwork(store.read, ref)),
    create: async (who, network) => {
      mustAdminister(who);
      checkNetwork(network);
      await store.write(async (tx) => {
        checkAgainst(network, await listNetworks(tx));
        await insertNetwork(tx, network);
      });
    },
    remove: async (who, ref, key = null) => {
      mustAdminister(who);
      const { task, fresh } = await store.write((tx) =>
        once(tx, who, key, ['network.remove', ref], () => beginRemoval(tx, who, ref)),
      );
      if (fresh) startSoon(parts, task);
      return toTask(task);
    },
  };
}

/** Takes the network for its removal and accepts the task, in the caller's transaction; joins the one that is removing it. */
async function beginRemoval(tx: Db, who: Principal, ref: string): Promise<Outcome> {
  const network = await getNetwork(tx, ref);
  const running = network.removing === null ? undefined : await findTask(tx, network.removing);
  if (running) return { task: running, fresh: false };
  await mustBeFree(tx, network);
  const id = randomUUID() as TaskId;
  const nodes = (await listNodes(tx)).map((node) => node.name);
  const input: RemoveNetwork = { task: id, vni: network.vni, nodes };
  await markNetworkRemoving(tx, network.vni, id);
  const task = await insertTask(tx, {
    ...{ id, kind: 'network.remove', target: String(network.vni), runOn: 'control', input },
    ...{ tenant: who.tenant, account: who.account },
    workflowStarted: false,
  });
  return { task, fresh: true };
}

function toNetwork({ removing: _, ...network }: NetworkRow): Network {
  return network;
}

const isNumber = (ref: string): boolean => /^[0-9]+$/.test(ref);

async function getNetwork(db: Db, ref: string): Promise<NetworkRow> {
  // What is a number is never a description: else a network could be taken for another that was removed.
  const found = isNumber(ref)
    ? await findNetwork(db, Number(ref) as Vni)
    : (await listNetworks(db)).find((network) => network.description === ref);
  if (!found) throw notFound('network', ref);
  return found;
}

async function mustBeFree(tx: Db, network: Network): Promise<void> {
  const vms = await vmsOnNetwork(tx, network.vni);
  if (vms.length > 0) throw conflict(`Network ${network.vni} is used by VMs: ${vms.join(', ')}.`);
  const templates = await templatesWithNet(tx, network.vni);
  if (templates.length > 0)
    throw conflict(
      `Network ${network.vni} is used by network templates: ${templates.join(', ')}. Take it out of them with DELETE /provisioner/template/network/NAME/net/${network.vni}, or remove them with DELETE /provisioner/template/network/NAME.`,
    );
}

/** Throws 'invalid' with the field. */
function checkNetwork(network: Network): void {
  const { vni, description, mtu, nameServers, nat, ip4, type, domain } = network;
  if (!Number.isInteger(vni) || vni < 1 || vni > VNI_MAX) throw invalid('vni', `must be from 1 to ${VNI_MAX}.`);
  if (description === '') throw invalid('description', 'is missing.');
  if (isNumber(description)) throw invalid('description', `'${description}' would be taken for another network's VNI.`);
  if (mtu !== null && (!Number.isInteger(mtu) || mtu < MTU.least || mtu > MTU.most))
    throw invalid('mtu', `must be from ${MTU.least} to ${MTU.most}.`);
  if (domain !== null && !DOMAIN.test(domain)) throw invalid('domain', `'${domain}' is no domain name.`);
  const wrong = nameServers.find((server) => parseIp4(server) === null);
  if (wrong !== undefined) throw invalid('name_servers', `'${wrong}' is no IPv4 address.`);
  if (type === 'bridged' && ip4)
    throw invalid('ip4_network', 'a bridged network gets no addresses from Slipway: leave it out.');
  if (nat && !ip4) throw invalid('nat', 'needs an ip4_network.');
  if (ip4) checkIp4(ip4);
}

function checkIp4(ip4: NonNullable<Network['ip4']>): void {
  const cidr = parseCidr4(ip4.network);
  if (!cidr) throw invalid('ip4_network', `'${ip4.network}' is no IPv4 network such as 10.0.0.0/24.`);
  if (RESERVED.some((reserved) => reserved && overlap(reserved, cidr)))
    throw invalid(
      'ip4_network',
      `'${ip4.network}' overlaps addresses that no guest can have (0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, from 224.0.0.0).`,
    );
  const inside = (field: string, text: string): number => {
    const address = parseIp4(text);
    if (address === null) throw invalid(field, `'${text}' is no IPv4 address.`);
    if (!isHost(cidr, address)) throw invalid(field, `${text} is no host's address in ${ip4.network}.`);
    return address;
  };
  const gateway = inside('ip4_gateway', ip4.gateway);
  if (!ip4.dhcp) return;
  const start = inside('dhcp4_start', ip4.dhcp.start);
  const end = inside('dhcp4_end', ip4.dhcp.end);
  if (end < start) throw invalid('dhcp4_end', 'comes before dhcp4_start.');
  if (start === gateway && end === gateway)
    throw invalid('dhcp4_end', "leaves guests no address: the only one of the range is the gateway's.");
}

function checkAgainst(network: Network, others: readonly Network[]): void {
  if (others.some((other) => other.vni === network.vni)) throw exists('network', String(network.vni));
  if (others.some((other) => other.description === network.description)) throw exists('network', network.description);
  const cidr = network.ip4 && parseCidr4(network.ip4.network);
  if (!cidr) return;
  for (const other of others) {
    const theirs = other.ip4 && parseCidr4(other.ip4.network);
    if (theirs && overlap(cidr, theirs))
      throw invalid('ip4_network', `overlaps ${other.ip4?.network} of network ${other.vni}.`);
  }
}
