import { notFound } from '../../domain/fault.ts';
import { type DaemonState, KEEPALIVE_MS, KEEPALIVES_MISSED, type Node } from '../../domain/node.ts';
import type { Principal } from '../../domain/principal.ts';
import { listNodes, listNodeUse } from '../../store/node.ts';
import type { Store } from '../../store/open.ts';
import { listVms } from '../../store/vm.ts';
import { sees } from './authorize.ts';
import { matching } from './limit.ts';

/** A node with what is placed on it. */
export interface NodeDetail extends Node {
  readonly vcpusAllocated: number;
  /** MiB of the VMs that run or are about to, and of all VMs. */
  readonly memoryAllocated: number;
  readonly memoryProvisioned: number;
  readonly runningDomains: readonly { readonly id: string; readonly name: string }[];
  readonly domainsCount: number;
}

export interface NodeService {
  list(who: Principal, limit?: string): Promise<readonly NodeDetail[]>;
  get(who: Principal, name: string): Promise<NodeDetail>;
}

/** Nodes as they are now: one that was not heard of for too long reads as dead. */
export function nodeService(store: Store): NodeService {
  const details = async (who: Principal): Promise<readonly NodeDetail[]> => {
    const [nodes, use, vms] = [
      await listNodes(store.read),
      await listNodeUse(store.read),
      await listVms(store.read, {}),
    ];
    const now = Date.now();
    return nodes.map(({ memoryOther: _, ...node }) => {
      const on = use.find((row) => row.node === node.name);
      // Names are their owners'; figures are everybody's.
      const running = vms.filter((vm) => vm.node === node.name && vm.state === 'running' && sees(who, vm));
      return {
        ...node,
        daemonState: liveState(node, now),
        vcpusAllocated: on?.vcpusAllocated ?? 0,
        memoryAllocated: on?.memoryAllocated ?? 0,
        memoryProvisioned: on?.memoryProvisioned ?? 0,
        runningDomains: running.map(({ id, name }) => ({ id, name })),
        domainsCount: on?.vms ?? 0,
      };
    });
  };
  return {
    list: async (who, limit) => matching(limit, await details(who), ({ name }) => name),
    get: async (who, name) => {
      const found = (await details(who)).find((node) => node.name === name);
      if (!found) throw notFound('node', name);
      return found;
    },
  };
}

/** What a node's daemon is, in the light of when it was last heard of. */
export function liveState(node: Pick<Node, 'daemonState' | 'seenAt'>, now: number): DaemonState {
  const late = now - node.seenAt > KEEPALIVE_MS * KEEPALIVES_MISSED;
  return late && (node.daemonState === 'run' || node.daemonState === 'init') ? 'dead' : node.daemonState;
}
