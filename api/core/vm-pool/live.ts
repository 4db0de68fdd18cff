import { setTimeout as pause } from 'node:timers/promises';
import type { Store } from '../../../store/open.ts';

export interface News<Parts> {
  readonly part: keyof Parts;
  readonly value: Parts[keyof Parts];
}

/** What is shown of the store to many, each part told only when it has changed. */
export interface Live<Parts> {
  /** Every part at once, then each that has changed; ends when aborted. */
  watch(signal: AbortSignal): AsyncIterable<News<Parts>>;
}

/** Not more often than this, in ms, however often the store changes. */
const LEAST_MS = 1_000;
/** And not more seldom: days end without a commit, and whoever watches has to know that somebody is there. */
const MOST_MS = 15_000;

/** Reads once for all who watch, and only while somebody does. */
export function live<Parts extends object>(
  { changes }: Pick<Store, 'changes'>,
  read: () => Promise<Parts>,
): Live<Parts> {
  const board = noticeBoard<Parts>();
  let watchers = 0;
  let reading: { readonly stop: AbortController; failure?: unknown } | undefined;

  const follow = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const seen = changes.seen();
      board.put(await read());
      const late = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]);
      await Promise.all([changes.after(seen, late), pause(LEAST_MS, undefined, { signal })]);
    }
  };
  const begin = (): NonNullable<typeof reading> => {
    const run: NonNullable<typeof reading> = { stop: new AbortController() };
    follow(run.stop.signal).catch((error: unknown) => {
      if (run.stop.signal.aborted) return;
      // All who watch are told, by their streams breaking off; who comes next begins anew.
      run.failure = error;
      if (reading === run) reading = undefined;
      board.ring();
    });
    return run;
  };
  return {
    watch: async function* (signal) {
      watchers += 1;
      reading ??= begin();
      const mine = reading;
      try {
        for (let told = 0; !signal.aborted; ) {
          if (mine.failure !== undefined) throw mine.failure;
          const round = board.round();
          yield* board.since(told);
          told = round;
          if (board.round() === round && mine.failure === undefined) await board.heard(signal);
        }
      } finally {
        watchers -= 1;
        if (watchers === 0) {
          reading?.stop.abort();
          reading = undefined;
          // What is on it is old when the next one comes.
          board.clear();
        }
      }
    },
  };
}

interface Notice<Parts> extends News<Parts> {
  readonly text: string;
  /** Round in which it last changed. */
  readonly round: number;
}

/** Parts with the round in which each last changed. */
function noticeBoard<Parts extends object>() {
  const shown = new Map<keyof Parts, Notice<Parts>>();
  const waiting = new Set<() => void>();
  let round = 0;
  const ring = (): void => {
    for (const wake of [...waiting]) wake();
  };
  return {
    ring,
    round: () => round,
    clear: () => shown.clear(),
    put: (parts: Parts): void => {
      round += 1;
      for (const part of Object.keys(parts) as (keyof Parts)[]) {
        const value = parts[part];
        const text = JSON.stringify(value);
        if (shown.get(part)?.text !== text) shown.set(part, { part, value, text, round });
      }
      ring();
    },
    since: (told: number): readonly News<Parts>[] =>
      [...shown.values()].filter((notice) => notice.round > told).map(({ part, value }) => ({ part, value })),
    /** Resolves at the next ring, or when aborted. */
    heard: (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        if (signal.aborted) return resolve();
        waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      }),
  };
}
