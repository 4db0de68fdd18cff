import { deleteWait, insertWait, keepWaits } from '../../../store/pool-wait.ts';
import type { CoreParts } from '../parts.ts';
import { callable, type Waiter } from './line.ts';
import type { Asked } from './take.ts';

/** Those who wait for VMs, of all API processes: first come first served, for each pool. */
export interface WaitingLine {
  /**
   * Tries when all that it asks for is ready and it is its turn, and when its pools could not meet it any more, until there is a
   * result or a failure, also of looking after the line; null when aborted.
   */
  wait<T>(
    asked: readonly Asked[],
    signal: AbortSignal,
    attempt: (turn: number) => Promise<T | null>,
  ): Promise<T | null>;
  /** Whether somebody who waits is known to have been there still at this moment (epoch ms), or later. */
  isThere(waiter: Pick<Waiter, 'number' | 'aliveUntil'>, at: number): boolean;
}

/** A process tells so often that it lives, in ms: cheaply, since nothing of it has to survive a power cut. */
const BEAT_MS = 250;
/** Those who wait in a process that has told nothing for so long, in ms, are taken for gone. */
const LEASE_MS = 1_500;

/** Of one who waits here. */
interface Place {
  readonly wake: () => void;
  /** Why the line cannot be looked after any more. */
  failure?: unknown;
}

/** One look at the line per commit, however many wait here: only those try for whom others leave something. */
export function waitingLine({ store, log }: Pick<CoreParts, 'store' | 'log'>): WaitingLine {
  const here = new Map<number, Place>();
  let stop = new AbortController();

  const failed = (error: unknown): void =>
    log.warn({ reason: String(error) }, 'the line of waiting checkouts could not be looked after');
  const look = async (): Promise<void> => {
    for (const number of await callable(store.read, Date.now())) here.get(number)?.wake();
  };
  const watch = async (signal: AbortSignal): Promise<void> => {
    const beat = setInterval(() => {
      store.write((tx) => keepWaits(tx, [...here.keys()], aliveUntil()), 'told').catch(failed);
    }, BEAT_MS);
    try {
      while (!signal.aborted) {
        const seen = store.changes.seen();
        await look();
        await store.changes.after(seen, signal);
      }
    } finally {
      clearInterval(beat);
    }
  };
  /** Trying again would be in vain, where the store is closed for one: who comes next begins anew. */
  const dismiss = (failure: unknown): void => {
    failed(failure);
    const places = [...here.values()];
    here.clear();
    for (const place of places) {
      place.failure = failure;
      place.wake();
    }
  };
  const join = (turn: number, place: Place): void => {
    here.set(turn, place);
    if (here.size > 1) return;
    stop = new AbortController();
    watch(stop.signal).catch(dismiss);
  };
  const leave = (turn: number): void => {
    here.delete(turn);
    if (here.size === 0) stop.abort();
  };

  return {
    isThere: ({ number, aliveUntil }, at) => here.has(number) || aliveUntil - LEASE_MS >= at,
    wait: async (asked, signal, attempt) => {
      const counts = new Map<string, number>();
      for (const { name, count } of asked) counts.set(name, (counts.get(name) ?? 0) + count);
      const wait = Object.fromEntries(counts);
      // After a power cut nobody waits any more.
      const turn = await store.write((tx) => insertWait(tx, wait, Date.now(), aliveUntil()), 'told');
      let called = Promise.withResolvers<void>();
      const wake = (): void => called.resolve();
      signal.addEventListener('abort', wake);
      const place: Place = { wake };
      join(turn, place);
      try {
        for (;;) {
          if (signal.aborted) return null;
          await called.promise;
          if (place.failure !== undefined) throw place.failure;
          called = Promise.withResolvers();
          const result = signal.aborted ? null : await attempt(turn);
          if (result !== null) return result;
        }
      } finally {
        signal.removeEventListener('abort', wake);
        leave(turn);
        await store.write((tx) => deleteWait(tx, turn), 'told');
      }
    },
  };
}

const aliveUntil = (): number => Date.now() + LEASE_MS;
