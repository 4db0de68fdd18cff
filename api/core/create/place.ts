import { invalid, noCapacity } from '../../../domain/fault.ts';
import type { NodeName } from '../../../domain/ids.ts';
import { type Demand, place } from '../../../domain/placement.ts';
import type { SystemTemplate } from '../../../domain/profile.ts';
import { mkfsProgram } from '../../../domain/volume.ts';
import type { Db } from '../../../store/open.ts';
import { listCandidates } from '../candidates.ts';
import type { PlannedDisk } from './disks.ts';

/** The node that a VM goes to; 'no-capacity' with the reason of each that cannot take it. */
export async function choose(
  db: Db,
  name: string,
  system: SystemTemplate,
  disks: readonly PlannedDisk[],
): Promise<NodeName> {
  const candidates = await listCandidates(db);
  const demand = demandOf(system, disks);
  const unknown = demand.filesystems.find((one) => !candidates.some((node) => node.filesystems.includes(one)));
  if (unknown !== undefined && candidates.length > 0)
    throw invalid('filesystem', `no node has the program ${mkfsProgram(unknown)}.`);
  const placement = place(demand, candidates);
  if ('node' in placement) return placement.node;
  const reasons = placement.refused.map(({ node, why }) => `${node}: ${why}`);
  throw noCapacity(`No node can take VM '${name}': ${reasons.join('; ') || 'no node is known'}.`);
}

function demandOf(system: SystemTemplate, disks: readonly PlannedDisk[]): Demand {
  const pools = new Map<string, number>();
  for (const { disk } of disks) pools.set(disk.pool, (pools.get(disk.pool) ?? 0) + disk.size);
  return {
    memory: system.memory,
    vcpus: system.vcpus,
    nodeLimit: system.nodeLimit,
    selector: system.nodeSelector ?? 'mem',
    filesystems: disks.flatMap(({ disk }) => disk.filesystem ?? []),
    pools: Object.fromEntries(pools),
    pinned: disks.flatMap(({ pinned }) => pinned ?? []),
  };
}
