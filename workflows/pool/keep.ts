import {
  condition,
  continueAsNew,
  defineSignal,
  log,
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
 * millisecond. What it does is in the store, so that ending it in any way loses nothing: where a newer version cannot go on
 * with its history, it fails, and whoever wakes the pool next starts another.
 */
export async function keepPool({ pool }: { readonly pool: string }): Promise<void> {
  let woken = true;
  let looks: 'none' | 'under way' | readonly Look[] = 'none';
  setHandler(wakePool, () => {
    woken = true;
  });
  const look = async (probes: readonly PoolProbe[]): Promise<void> => {
    looks = 'under way';
    const found = await probe(probes);
    looks = found;
    // The others are looked at again when that is due.
    if (found.some(({ well }) => well)) woken = true;
  };
  // By itself: the order of two that are under way at once would be another when the history is replayed.
  const record = async (): Promise<void> => {
    if (typeof looks === 'string') return;
    const found = looks;
    looks = 'none';
    await keeper.recordProbes(pool, found, Date.now());
  };
  while (!workflowInfo().continueAsNewSuggested) {
    woken = false;
    await record();
    const turn = await keeper.keepPool(pool, Date.now());
    if (turn === null && !woken) return;
    if (turn === null) continue;
    if (turn.wake.length > 0) await keeper.wakePools(turn.wake);
    if (looks === 'none' && turn.probes.length > 0) void look(turn.probes);
    if (turn.wakeAt === null) await condition(() => woken);
    else if (turn.wakeAt > Date.now()) await condition(() => woken, turn.wakeAt - Date.now());
  }
  await condition(() => looks !== 'under way');
  await record();
  await continueAsNew<typeof keepPool>({ pool });
}

interface Look {
  readonly vm: PoolProbe['vm'];
  readonly well: boolean;
}

/** Looks at guests, each from its node. Where a node does not answer, nothing has been found. */
async function probe(probes: readonly PoolProbe[]): Promise<readonly Look[]> {
  const looks = probes.map(async ({ vm, node, ip, port }) => {
    try {
      return [{ vm, well: await onNode(node).probing.probeGuest({ vm, ip, port }) }];
    } catch (error) {
      log.warn('a guest could not be looked at', { vm, node, error });
      return [];
    }
  });
  return (await Promise.all(looks)).flat();
}
