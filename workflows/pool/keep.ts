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
import { type PoolLook, type PoolProbe, WAKE_SIGNAL } from '../../domain/pool-keeper.ts';
import { ENDS } from '../lib/control.ts';
import { onNode } from '../lib/node.ts';

export const wakePool = defineSignal(WAKE_SIGNAL);

const keeper = proxyLocalActivities<PoolActivities>(ENDS);

/**
 * Turns of one run, of some ten events each: whoever takes a keeper over replays its run first, and after a restart all of them
 * at once. Counted, since what the engine says of a history's length is not the same again when it is replayed.
 */
const TURNS = 50;

/** A run that is to end waits so long, in ms, for what is being looked at: guests have 5 s to answer, dead nodes have all the time. */
const LAST_LOOKS_MS = 6_000;

/**
 * Keeps a VM pool full until it is removed: a turn whenever somebody wakes it or something is due, on time to the
 * millisecond. What it does is in the store, so that ending it in any way loses nothing: whatever it stumbles over (a history that
 * a newer version cannot go on with, for one) makes it fail once, and whoever wakes the pool next starts another.
 */
export async function keepPool({ pool }: { readonly pool: string }): Promise<void> {
  const [outcome] = await Promise.allSettled([takeTurns(pool)]);
  // Whatever a history that is another leads to, the engine finds that it is, and makes the run fail: it does not bear a second end.
  await condition(() => !workflowInfo().unsafe.isReplaying);
  if (outcome.status === 'rejected') throw outcome.reason;
  if (outcome.value === 'anew') await continueAsNew<typeof keepPool>({ pool });
}

/** Until the pool is gone, or the run is long enough. */
async function takeTurns(pool: string): Promise<'gone' | 'anew'> {
  let woken = true;
  const wake = (): void => {
    woken = true;
  };
  setHandler(wakePool, wake);
  const looks = lookout(wake);
  // By itself: the order of two that are under way at once would be another when the history is replayed.
  const record = async (): Promise<void> => {
    const found = looks.found.splice(0);
    if (found.length > 0) await keeper.recordProbes(pool, found, Date.now());
  };
  let endsAt = Number.POSITIVE_INFINITY;
  const isOver = (): boolean => endsAt < Number.POSITIVE_INFINITY && (looks.going.size === 0 || endsAt <= Date.now());
  for (let turns = 1; !isOver() && !workflowInfo().continueAsNewSuggested; turns += 1) {
    woken = false;
    await record();
    const turn = await keeper.keepPool(pool, Date.now());
    if (turn === null && !woken) return 'gone';
    if (turn === null) continue;
    if (turn.wake.length > 0) await keeper.wakePools(turn.wake);
    if (turns < TURNS) for (const probe of turn.probes) looks.begin(probe);
    if (turns === TURNS) endsAt = Date.now() + LAST_LOOKS_MS;
    const wakeAt = Math.min(turn.wakeAt ?? Number.POSITIVE_INFINITY, endsAt);
    if (wakeAt === Number.POSITIVE_INFINITY) await condition(() => woken);
    else if (wakeAt > Date.now()) await condition(() => woken || isOver(), wakeAt - Date.now());
  }
  await record();
  return 'anew';
}

/** Looks at guests, each from its node, and once at a time; `wake` is called when one is well. */
function lookout(wake: () => void) {
  const going = new Set<PoolProbe['vm']>();
  /** What was found and is not recorded yet. */
  const found: PoolLook[] = [];
  const look = async ({ vm, node, ip, port }: PoolProbe): Promise<void> => {
    try {
      const well = await onNode(node).probing.probeGuest({ vm, ip, port });
      found.push({ vm, well });
      // The others are looked at again when that is due.
      if (well) wake();
    } catch (error) {
      // Nothing has been found: neither well nor ill.
      log.warn('a guest could not be looked at', { vm, node, error });
    } finally {
      going.delete(vm);
    }
  };
  return {
    ...{ going, found },
    begin: (probe: PoolProbe): void => {
      if (going.has(probe.vm)) return;
      going.add(probe.vm);
      void look(probe);
    },
  };
}
