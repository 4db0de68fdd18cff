import { randomUUID } from 'node:crypto';
import type { TaskId } from '../../domain/ids.ts';
import type { CollectImage } from '../../domain/plan.ts';
import { SYSTEM } from '../../domain/principal.ts';
import { hasClones, listUnusedBases, updateBaseImage } from '../../store/base-image.ts';
import { findNode } from '../../store/node.ts';
import type { Db, Store } from '../../store/open.ts';
import { insertTask, type TaskRow } from '../../store/task.ts';
import { liveState } from './node.ts';

type Unused = Awaited<ReturnType<typeof listUnusedBases>>[number];

/** How long a base image is kept that no VM is a clone of and none was made from. */
export const UNUSED_BASE_MS = 7 * 24 * 60 * 60_000;

/**
 * Accepts the removal of every base image that was last used before `before` and that no volume depends on, on nodes that
 * answer. From then on nobody is given it. Returns the tasks, for the caller to start.
 */
export async function collectBases(store: Store, before: number): Promise<readonly TaskRow[]> {
  if (!(await anyCollectable(store.read, before))) return [];
  return store.write(async (tx) => {
    const accepted: TaskRow[] = [];
    for (const unused of await listUnusedBases(tx, before))
      if (await isCollectable(tx, unused)) accepted.push(await acceptRemoval(tx, unused));
    return accepted;
  });
}

async function anyCollectable(db: Db, before: number): Promise<boolean> {
  for (const unused of await listUnusedBases(db, before)) if (await isCollectable(db, unused)) return true;
  return false;
}

async function isCollectable(db: Db, { image, recipe }: Unused): Promise<boolean> {
  const node = await findNode(db, image.node);
  return node !== undefined && liveState(node, Date.now()) === 'run' && !(await hasClones(db, recipe, image.node));
}

async function acceptRemoval(tx: Db, { image, recipe }: Unused): Promise<TaskRow> {
  const { key, node } = image;
  const id = randomUUID() as TaskId;
  const input: CollectImage = { task: id, base: key, node, disks: recipe.disks };
  await updateBaseImage(tx, key, node, { state: 'removing', build: id });
  return insertTask(tx, {
    ...{ id, kind: 'image.collect', target: key.slice(0, 16), runOn: node, input },
    ...{ tenant: SYSTEM.tenant, account: SYSTEM.account },
    workflowStarted: false,
  });
}
