import {
  condition,
  continueAsNew,
  defineSignal,
  log,
  patched,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { PoolActivities } from '../../activities/pool.ts';
import { type PoolProbe, WAKE_SIGNAL } from '../../domain/pool-keeper.ts';
import { ENDS } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';

export const wakePool = defineSignal(WAKE_SIGNAL);

const keeper = proxyLocalActivities<PoolActivities>(ENDS);

/**
 * Keeps a VM pool full until it is removed: a turn whenever somebody wakes it or something is due, on time to the
 * millisecond. What it does is in the store, so that ending it in any way loses nothing.
 */
export async function keepPool({ pool }: { readonly pool: string }): Promise<void> {
  let woken = true;
  let probing: Promise<void> | undefined;
  const wake = (): void => {
    woken = true;
  };
  const look = (well: boolean): void => {
    // Keepers that run already woke in any case.
    if (well || !patched('look again when due')) wake();
  };
  setHandler(wakePool, wake);
  while (!workflowInfo().continueAsNewSuggested) {
    woken = false;
    const turn = await keeper.keepPool(pool, Date.now());
    if (turn === null && !woken) return;
    if (turn === null) continue;
    if (turn.wake.length > 0) await keeper.wakePools(turn.wake);
    probing ??= turn.probes.length === 0 ? undefined : probe(pool, turn.probes).then(look);
    probing = probing?.finally(() => {
      probing = undefined;
    });
    if (turn.wakeAt === null) await condition(() => woken);
    else if (turn.wakeAt > Date.now()) await condition(() => woken, turn.wakeAt - Date.now());
  }
  await probing;
  await continueAsNew<typeof keepPool>({ pool });
}

/**
 * Looks at guests, each from its node, and tells whether any is well: the others are looked at again when that is due. Where a node
 * does not answer, nothing has been found.
 */
async function probe(pool: string, probes: readonly PoolProbe[]): Promise<boolean> {
  const looks = probes.map(async ({ vm, node, ip, port }) => {
    try {
      return [{ vm, well: await onNode(node).probing.probeGuest({ vm, ip, port }) }];
    } catch (error) {
      log.warn('a guest could not be looked at', { vm, node, error });
      return [];
    }
  });
  const results = (await Promise.all(looks)).flat();
  await keeper.recordProbes(pool, results, Date.now());
  return results.some(({ well }) => well);
}
