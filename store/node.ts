import { eq, sql } from 'drizzle-orm';
import type { NodeName } from '../domain/ids.ts';
import type { Node } from '../domain/node.ts';
import { hot } from './hot.ts';
import type { Db } from './open.ts';
import { nodes, poolCapacities } from './schema/node.ts';
import { vms } from './schema/vm.ts';

export type NodeRow = Node & { readonly memoryOther: number };

const all = hot((db) => db.select().from(nodes).orderBy(nodes.name).prepare());

export const listNodes = async (db: Db): Promise<readonly NodeRow[]> => all(db).all();

const byName = hot((db) =>
  db
    .select()
    .from(nodes)
    .where(eq(nodes.name, sql.placeholder('name')))
    .prepare(),
);

export const findNode = async (db: Db, name: string): Promise<NodeRow | undefined> => byName(db).get({ name });

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

const capacities = hot((db) => db.select().from(poolCapacities).prepare());

export const listPoolCapacities = async (db: Db): Promise<readonly (typeof poolCapacities.$inferSelect)[]> =>
  capacities(db).all();

export interface NodeUse {
  readonly node: NodeName;
  readonly vms: number;
  readonly vcpusAllocated: number;
  readonly memoryAllocated: number;
  readonly memoryProvisioned: number;
}

const active = sql`${vms.state} NOT IN ('stopped', 'failed')`;
const use = hot((db) =>
  db
    .select({
      node: vms.node,
      vms: sql<number>`count(*)`,
      vcpusAllocated: sql<number>`sum(CASE WHEN ${active} THEN ${vms.vcpus} ELSE 0 END)`,
      memoryAllocated: sql<number>`sum(CASE WHEN ${active} THEN ${vms.memory} ELSE 0 END)`,
      memoryProvisioned: sql<number>`sum(${vms.memory})`,
    })
    .from(vms)
    .groupBy(vms.node)
    .prepare(),
);

/** What is placed on each node: VMs at rest take no memory and no vCPUs. */
export const listNodeUse = async (db: Db): Promise<readonly NodeUse[]> => use(db).all();
