import { setTimeout as pause } from 'node:timers/promises';
import type { CoreParts } from '../parts.ts';

export type WakePool = (pool: string) => void;

/** Between two signals to one keeper, in ms: telling it more often would cost more than what it is told of. */
const PAUSE_MS = 15;
/** Between attempts while the engine does not answer, in ms: doubling from the first to the last. */
const [FIRST_RETRY_MS, LAST_RETRY_MS] = [250, 10_000];

/** Between two wishes that can wait, in ms. */
const SELDOM_MS = 1_000;

/** At once, but only once a second and pool: for wishes that say nothing new, and that come as often as clients like. */
export function seldom(wake: WakePool): WakePool {
  const last = new Map<string, number>();
  return (pool) => {
    const now = performance.now();
    if (now < (last.get(pool) ?? Number.NEGATIVE_INFINITY) + SELDOM_MS) return;
    last.set(pool, now);
    wake(pool);
  };
}

/**
 * Wakes pools' keepers without making anyone wait: while one is being told, and for a moment after, more wishes are one. Tries
 * again for as long as this process lives; what dies with it is left to the next start, and to the schedule.
 */
export function poolWaker({ jobs, log }: Pick<CoreParts, 'jobs' | 'log'>): WakePool {
  const telling = new Map<string, { again: boolean }>();
  const tell = async (pool: string, state: { again: boolean }): Promise<void> => {
    for (let failures = 0; state.again; ) {
      state.again = false;
      try {
        await jobs.wakePool(pool);
        failures = 0;
      } catch (error) {
        if (failures === 0) log.warn({ pool, reason: String(error) }, 'a pool cannot be woken: it is tried again');
        failures += 1;
        state.again = true;
      }
      const ms = failures === 0 ? PAUSE_MS : Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS);
      // Nobody's end waits for it.
      if (state.again) await pause(ms, undefined, { ref: false });
    }
    telling.delete(pool);
  };
  return (pool) => {
    const going = telling.get(pool);
    if (going) {
      going.again = true;
      return;
    }
    const state = { again: true };
    telling.set(pool, state);
    void tell(pool, state);
  };
}
