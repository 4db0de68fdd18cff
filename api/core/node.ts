import type { Node } from '../../domain/node.ts';
import type { Principal } from '../../domain/principal.ts';

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
