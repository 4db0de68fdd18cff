import { and, count, eq, isNotNull, type Placeholder, sql } from 'drizzle-orm';
import type { NodeName, TaskId, VmId } from '../domain/ids.ts';
import { hot } from './hot.ts';
import { findNode } from './node.ts';
import type { Db } from './open.ts';
import { vms } from './schema/vm.ts';
import { updateVm } from './vm.ts';

/** A creation that is in its turn on its node, or waits for it. */
export interface Turn {
  readonly vm: VmId;
  readonly task: TaskId;
  readonly turn: 'going' | 'waiting';
}

const turnsOn = (node: NodeName | Placeholder) =>
  and(eq(vms.node, node), eq(vms.state, 'provisioning'), isNotNull(vms.changing), isNotNull(vms.turn));

/**
 * Creations that the node works on or is to work on, first accepted first. One that has ended is none, however it ended:
 * its VM is not being provisioned any more, or nothing is changing it.
 */
export async function listTurns(db: Db, node: NodeName): Promise<readonly Turn[]> {
  const rows = await db
    .select({ vm: vms.id, task: vms.changing, turn: vms.turn })
    .from(vms)
    .where(turnsOn(node))
    .orderBy(sql`${vms}.rowid`);
  return rows as readonly Turn[];
}

const counted = hot((db) =>
  db
    .select({ turns: count() })
    .from(vms)
    .where(turnsOn(sql.placeholder('node')))
    .prepare(),
);

/** The turn of a creation that comes now. */
export async function newTurn(tx: Db, node: NodeName): Promise<Turn['turn']> {
  const { turns } = (await counted(tx).get({ node })) ?? { turns: 0 };
  return turns < (await limitOf(tx, node)) ? 'going' : 'waiting';
}

/** Lets as many go as the node has room for; returns those that waited. */
export async function callTurns(tx: Db, node: NodeName): Promise<readonly Turn[]> {
  const turns = await listTurns(tx, node);
  const waiting = turns.filter(({ turn }) => turn === 'waiting');
  if (waiting.length === 0) return [];
  const called = waiting.slice(0, Math.max(0, (await limitOf(tx, node)) - (turns.length - waiting.length)));
  for (const { vm } of called) await updateVm(tx, vm, { turn: 'going' });
  return called;
}

const limitOf = async (db: Db, node: NodeName): Promise<number> =>
  (await findNode(db, node))?.facts.creations ?? Number.POSITIVE_INFINITY;
