import type { CoreParts } from '../parts.ts';

export type WakePool = (pool: string) => void;

/** Between two signals to one keeper, in ms: telling it more often would cost more than what it is told of. */
const PAUSE_MS = 15;

/** Wakes pools' keepers without making anyone wait: while one is being told, and for a moment after, more wishes are one. What fails is left to the schedule. */
export function poolWaker({ jobs, log }: Pick<CoreParts, 'jobs' | 'log'>): WakePool {
  const telling = new Map<string, { again: boolean }>();
  const tell = async (pool: string): Promise<void> => {
    const state = { again: true };
    telling.set(pool, state);
    while (state.again) {
      state.again = false;
      await jobs.wakePool(pool);
      if (state.again) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  return (pool) => {
    const going = telling.get(pool);
    if (going) {
      going.again = true;
      return;
    }
    tell(pool)
      .catch((error: unknown) =>
        log.warn({ pool, reason: String(error) }, 'a pool could not be woken: the schedule will'),
      )
      .finally(() => telling.delete(pool));
  };
}
