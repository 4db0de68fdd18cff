import { and, count, eq, isNotNull, type Placeholder, sql } from 'drizzle-orm';
import type { NodeName, TaskId, VmId } from '../domain/ids.ts';
import { hot } from './hot.ts';
import { findNode } from './node.ts';
import type { Db } from './open.ts';
import { vms } from './schema/vm.ts';
import { updateVm, type VmRow } from './vm.ts';

/** A creation that waits for its turn on its node, is called and has not been seen to hear it, or goes on. */
export interface Turn {
  readonly vm: VmId;
  readonly task: TaskId;
  readonly turn: 'waiting' | 'called' | 'going';
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

/** Calls as many as the node has room for; returns all that are called by now, to be told again until they have heard it. */
export async function callTurns(tx: Db, node: NodeName): Promise<readonly Turn[]> {
  const turns = await listTurns(tx, node);
  const waiting = turns.filter(({ turn }) => turn === 'waiting');
  const room = waiting.length === 0 ? 0 : (await limitOf(tx, node)) - (turns.length - waiting.length);
  const called = waiting.slice(0, Math.max(0, room));
  for (const { vm } of called) await updateVm(tx, vm, { turn: 'called' });
  return [...turns.filter(({ turn }) => turn === 'called'), ...called];
}

/** Whether the creation's turn has come: from now on it goes on. */
export async function hearTurn(tx: Db, { id, turn }: Pick<VmRow, 'id' | 'turn'>): Promise<boolean> {
  if (turn === 'called') await updateVm(tx, id, { turn: 'going' });
  return turn !== 'waiting';
}

const limitOf = async (db: Db, node: NodeName): Promise<number> =>
  (await findNode(db, node))?.facts.creations ?? Number.POSITIVE_INFINITY;
