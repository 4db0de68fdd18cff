import type { NodeName } from './ids.ts';
import { type DaemonState, type DomainState, RESERVED_MIB } from './node.ts';
import type { Selector } from './vm.ts';
import { mkfsProgram } from './volume.ts';

/** vCPUs that a node's running VMs may have together, per CPU of the host: idle guests are the rule. */
export const VCPUS_PER_CPU = 16;

/** What placement knows of a node. Memory in MiB. */
export interface Candidate {
  readonly name: NodeName;
  readonly daemonState: DaemonState;
  readonly domainState: DomainState;
  readonly cpus: number;
  readonly load: number;
  readonly memoryTotal: number;
  /** Used by anything but VMs. */
  readonly memoryOther: number;
  /** Of VMs that run or are about to, and of all VMs. */
  readonly memoryAllocated: number;
  readonly memoryProvisioned: number;
  readonly vcpusAllocated: number;
  readonly vms: number;
  readonly filesystems: readonly string[];
  /** Per storage pool, what is free and not promised to a VM on its way; unknown pools are absent. */
  readonly poolFree: Readonly<Record<string, number>>;
}

export interface Demand {
  readonly memory: number;
  readonly vcpus: number;
  /** Null for any. */
  readonly nodeLimit: readonly NodeName[] | null;
  readonly selector: Selector;
  readonly filesystems: readonly string[];
  /** MiB wanted of each storage pool. */
  readonly pools: Readonly<Record<string, number>>;
  /** Where a volume to be cloned lies, if it can be reached from nowhere else. */
  readonly pinned: readonly { readonly volume: string; readonly node: NodeName }[];
}

export type Placement =
  | { readonly node: NodeName }
  | { readonly refused: readonly { readonly node: NodeName; readonly why: string }[] };

/** Memory that new VMs may take. */
export const memoryRoom = (node: Candidate): number =>
  node.memoryTotal - node.memoryOther - node.memoryAllocated - RESERVED_MIB;

/** Each selector's price: the cheapest node is taken. */
const PRICE: Readonly<Record<Selector, (node: Candidate) => number>> = {
  mem: (node) => -memoryRoom(node),
  memprov: (node) => node.memoryOther + node.memoryProvisioned - node.memoryTotal,
  vcpus: (node) => node.vcpusAllocated,
  load: (node) => node.load,
  vms: (node) => node.vms,
  none: (node) => -memoryRoom(node),
};

/** The node a VM goes to, or why none will have it. The same question gets the same answer. */
export function place(demand: Demand, candidates: readonly Candidate[]): Placement {
  const judged = candidates.map((node) => ({ node, why: objection(demand, node) }));
  const price = PRICE[demand.selector];
  const [best] = judged
    .filter(({ why }) => why === null)
    .map(({ node }) => node)
    .sort((a, b) => price(a) - price(b) || a.vms - b.vms || (a.name < b.name ? -1 : 1));
  if (best) return { node: best.name };
  return { refused: judged.map(({ node, why }) => ({ node: node.name, why: why ?? '' })) };
}

/** Why nothing can be done on this node now; null if something can. */
export function unheard({ daemonState }: Pick<Candidate, 'daemonState'>): string | null {
  if (daemonState === 'run') return null;
  return `it is not heard of: slipway node does not run there, or libvirt does not answer (daemon state ${daemonState})`;
}

/** Why this node cannot take it; null if it can. */
export function objection(demand: Demand, node: Candidate): string | null {
  if (demand.nodeLimit && !demand.nodeLimit.includes(node.name)) return "it is not in the system template's node limit";
  const silent = unheard(node);
  if (silent) return silent;
  if (node.domainState !== 'ready') return `it takes no new VMs (domain state ${node.domainState})`;
  const pin = demand.pinned.find((pinned) => pinned.node !== node.name);
  if (pin) return `volume '${pin.volume}' is on node ${pin.node}`;
  const lacking = demand.filesystems.find((filesystem) => !node.filesystems.includes(filesystem));
  if (lacking) return `it has no program ${mkfsProgram(lacking)}`;
  const room = memoryRoom(node);
  if (room < demand.memory) return `${Math.max(0, room)} MiB of memory free, ${demand.memory} wanted`;
  const vcpus = node.cpus * VCPUS_PER_CPU - node.vcpusAllocated;
  if (vcpus < demand.vcpus) return `${Math.max(0, vcpus)} vCPUs free, ${demand.vcpus} wanted`;
  for (const [pool, wanted] of Object.entries(demand.pools)) {
    const free = node.poolFree[pool];
    if (free !== undefined && free < wanted)
      return `storage pool '${pool}' has ${Math.max(0, free)} MiB free, ${wanted} wanted`;
  }
  return null;
}
