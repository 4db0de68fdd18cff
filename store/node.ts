import { eq, sql } from 'drizzle-orm';
import type { NodeName } from '../domain/ids.ts';
import type { Node } from '../domain/node.ts';
import type { Db } from './open.ts';
import { nodes, poolCapacities } from './schema/node.ts';
import { vms } from './schema/vm.ts';

export type NodeRow = Node & { readonly memoryOther: number };

export const listNodes = async (db: Db): Promise<readonly NodeRow[]> => db.select().from(nodes).orderBy(nodes.name);

export const findNode = async (db: Db, name: string): Promise<NodeRow | undefined> =>
  db
    .select()
    .from(nodes)
    .where(eq(nodes.name, name as NodeName))
    .get();

/** Inserts the node, or updates what a keepalive tells of it; what operators set stays. */
export async function upsertNode(tx: Db, row: NodeRow): Promise<void> {
  const { facts, load, memoryUsed, memoryFree, memoryOther, seenAt, driver } = row;
  await tx
    .insert(nodes)
    .values(row)
    .onConflictDoUpdate({
      target: nodes.name,
      set: { facts, load, memoryUsed, memoryFree, memoryOther, seenAt, driver, daemonState: 'run' },
    });
}

export async function setPoolCapacity(
  tx: Db,
  node: NodeName,
  pool: { readonly name: string; readonly total: number; readonly free: number },
): Promise<void> {
  const { total, free } = pool;
  await tx
    .insert(poolCapacities)
    .values({ node, pool: pool.name, total, free })
    .onConflictDoUpdate({ target: [poolCapacities.node, poolCapacities.pool], set: { total, free } });
}

export const listPoolCapacities = async (db: Db): Promise<readonly (typeof poolCapacities.$inferSelect)[]> =>
  db.select().from(poolCapacities);

export interface NodeUse {
  readonly node: NodeName;
  readonly vms: number;
  readonly vcpusAllocated: number;
  readonly memoryAllocated: number;
  readonly memoryProvisioned: number;
}

/** What is placed on each node: VMs at rest take no memory and no vCPUs. */
export async function listNodeUse(db: Db): Promise<readonly NodeUse[]> {
  const active = sql`${vms.state} NOT IN ('stopped', 'failed')`;
  return db
    .select({
      node: vms.node,
      vms: sql<number>`count(*)`,
      vcpusAllocated: sql<number>`sum(CASE WHEN ${active} THEN ${vms.vcpus} ELSE 0 END)`,
      memoryAllocated: sql<number>`sum(CASE WHEN ${active} THEN ${vms.memory} ELSE 0 END)`,
      memoryProvisioned: sql<number>`sum(${vms.memory})`,
    })
    .from(vms)
    .groupBy(vms.node);
}
