import { KEEPALIVE_MS } from '../../../domain/node.ts';

/** How long somebody has to have listened to a dead node in vain before its VMs are replaced. */
export const LISTEN_MS = 4 * KEEPALIVE_MS;

/** Nodes that are dead by what the store says, and since when this process has known it. */
export interface Silence {
  /**
   * When the node's silence is proven, epoch ms: it may be that nobody could hear or be heard meanwhile, for the store was locked,
   * the host suspended, or Slipway off.
   */
  provenAt(node: string, seenAt: number): number;
}

/** Remembers in memory: who starts anew listens anew. */
export function silence(): Silence {
  const known = new Map<string, { readonly seenAt: number; readonly provenAt: number }>();
  return {
    provenAt: (node, seenAt) => {
      const before = known.get(node);
      if (before?.seenAt === seenAt) return before.provenAt;
      const provenAt = Date.now() + LISTEN_MS;
      known.set(node, { seenAt, provenAt });
      return provenAt;
    },
  };
}
