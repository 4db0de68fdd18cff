import type { Candidate } from '../../domain/placement.ts';
import { listNodes, listNodeUse, listPoolCapacities } from '../../store/node.ts';
import type { Db } from '../../store/open.ts';
import { listPromised } from '../../store/volume.ts';
import { liveState } from './node.ts';

/** Every node as placement sees it: what was promised counts as used. */
export async function listCandidates(db: Db): Promise<readonly Candidate[]> {
  const [nodes, use, pools] = [await listNodes(db), await listNodeUse(db), await listPoolCapacities(db)];
  const promised = await listPromised(db);
  const now = Date.now();
  return nodes.map((node) => {
    const on = use.find((row) => row.node === node.name);
    const left = pools
      .filter((row) => row.node === node.name)
      .map(({ pool, free }) => {
        const taken = promised.find((row) => row.node === node.name && row.pool === pool);
        return [pool, free - (taken?.size ?? 0)] as const;
      });
    return {
      name: node.name,
      daemonState: liveState(node, now),
      domainState: node.domainState,
      cpus: node.facts.cpus,
      load: node.load,
      memoryTotal: node.facts.memory,
      memoryOther: node.memoryOther,
      memoryAllocated: on?.memoryAllocated ?? 0,
      memoryProvisioned: on?.memoryProvisioned ?? 0,
      vcpusAllocated: on?.vcpusAllocated ?? 0,
      vms: on?.vms ?? 0,
      filesystems: node.facts.filesystems,
      poolFree: Object.fromEntries(left),
    };
  });
}
