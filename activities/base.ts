import { randomUUID } from 'node:crypto';
import { notFound, unavailable } from '../domain/fault.ts';
import type { BaseKey, NodeName, TaskId } from '../domain/ids.ts';
import type { BuildImage } from '../domain/plan.ts';
import { DEFAULT_TENANT, SYSTEM } from '../domain/principal.ts';
import { taskOfWorkflow } from '../domain/task.ts';
import {
  addWaiter,
  deleteBaseImage,
  deleteWaiter,
  dropUnusedRecipe,
  findBaseImage,
  findRecipe,
  insertBaseImage,
  listWaiters,
  updateBaseImage,
} from '../store/base-image.ts';
import type { Db, Store } from '../store/open.ts';
import { findTask, insertTask } from '../store/task.ts';

/** Base images of nodes: one transaction each, repeatable. */
export interface BaseActivities {
  /**
   * Asks for a base image on a node: 'ready' (and used now), 'build' (the caller has to start the build with this task id), or 'wait'.
   * With the last two `waiter`, a workflow id, is told by the signal `baseSettled` when the build has ended.
   * 'unavailable', to be asked again, for the moment that a collector removes the image.
   */
  claimBase(
    base: BaseKey,
    node: NodeName,
    waiter: string,
  ): Promise<{ readonly is: 'ready' } | { readonly is: 'build' | 'wait'; readonly build: TaskId }>;
  /** The waiter gives up. Returns the build's task if nobody waits for it any more, else null. */
  leaveBase(base: BaseKey, node: NodeName, waiter: string): Promise<TaskId | null>;
  /**
   * The build has ended: 'ready', or failed with this reason (then it is forgotten). Returns the workflow ids that wait; with `build`,
   * none if the image is another build's by now.
   */
  settleBase(base: BaseKey, node: NodeName, failure: string | null, build?: TaskId): Promise<readonly string[]>;
  /** A collected base image is gone from the store's point of view; touches none that was not being removed. */
  forgetBase(base: BaseKey, node: NodeName): Promise<void>;
}

/** Base images over the store. */
export const baseActivities = (store: Store): BaseActivities => ({
  claimBase: (base, node, waiter) => store.write((tx) => claimBase(tx, base, node, waiter)),
  leaveBase: (base, node, waiter) => store.write((tx) => leaveBase(tx, base, node, waiter)),
  settleBase: (base, node, failure, build) => store.write((tx) => settleBase(tx, base, node, failure, build)),
  forgetBase: (base, node) => store.write((tx) => forgetBase(tx, base, node)),
});

/** Whether it is ready; then it is used now, and kept. */
export async function useBase(tx: Db, base: BaseKey, node: NodeName): Promise<boolean> {
  if ((await findBaseImage(tx, base, node))?.state !== 'ready') return false;
  await updateBaseImage(tx, base, node, { usedAt: Date.now() });
  return true;
}

async function claimBase(tx: Db, base: BaseKey, node: NodeName, waiter: string) {
  if (await useBase(tx, base, node)) {
    await deleteWaiter(tx, base, node, waiter);
    return { is: 'ready' } as const;
  }
  const known = await findBaseImage(tx, base, node);
  if (known?.state === 'removing') throw unavailable('The base image is being removed, to be built anew.');
  await addWaiter(tx, base, node, waiter);
  if (known) return { is: known.builder === waiter ? 'build' : 'wait', build: known.build } as const;
  const build = await newBuild(tx, base, node, waiter);
  await insertBaseImage(tx, { key: base, node, state: 'building', build, builder: waiter, usedAt: Date.now() });
  return { is: 'build', build } as const;
}

/** The build's task, for the caller to start; if it cannot any more, the sweeper does. */
async function newBuild(tx: Db, base: BaseKey, node: NodeName, waiter: string): Promise<TaskId> {
  const recipe = await findRecipe(tx, base);
  if (!recipe) throw notFound('base image', base);
  const asker = await findTask(tx, taskOfWorkflow(waiter));
  const id = randomUUID() as TaskId;
  const input: BuildImage = { task: id, base, node, disks: recipe.disks };
  await insertTask(tx, {
    ...{ id, kind: 'image.build', target: base.slice(0, 16), runOn: node, input },
    tenant: asker?.tenant ?? DEFAULT_TENANT,
    account: asker?.account ?? SYSTEM.account,
    workflowStarted: false,
  });
  return id;
}

async function leaveBase(tx: Db, base: BaseKey, node: NodeName, waiter: string): Promise<TaskId | null> {
  await deleteWaiter(tx, base, node, waiter);
  const known = await findBaseImage(tx, base, node);
  if (known?.state !== 'building') return null;
  const others = await listWaiters(tx, base, node);
  return others.length === 0 ? known.build : null;
}

/** Waiters stay listed until they claim, leave or end, so that asking again tells the same ones. */
async function settleBase(tx: Db, base: BaseKey, node: NodeName, failure: string | null, build?: TaskId) {
  const known = await findBaseImage(tx, base, node);
  if (build !== undefined && known && known.build !== build) return [];
  if (failure === null) await updateBaseImage(tx, base, node, { state: 'ready', usedAt: Date.now() });
  // Ready already: a build that failed after it had settled has removed its disks.
  else if (known?.state === 'building' || build !== undefined) await deleteBaseImage(tx, base, node);
  return listWaiters(tx, base, node);
}

async function forgetBase(tx: Db, base: BaseKey, node: NodeName): Promise<void> {
  if ((await findBaseImage(tx, base, node))?.state !== 'removing') return;
  await deleteBaseImage(tx, base, node);
  await dropUnusedRecipe(tx, base);
}
