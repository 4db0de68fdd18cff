import type { Store } from '../../../store/open.ts';
import { dayOf } from '../../../store/pool-day.ts';

/** Computations that a commit of another process overtook are made again so many times, to be of one piece. */
const ATTEMPTS = 3;

/**
 * What `compute` reads, computed at most once per commit and day however many ask: between two commits all get the same
 * object, so that what is made of it can be kept beside it. One that was committed before the question is seen.
 */
export function perCommit<T>(store: Pick<Store, 'version'>, compute: () => Promise<T>): () => Promise<T> {
  let known: { readonly version: number; readonly day: string; readonly value: Promise<T> } | undefined;
  const fresh = async (): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      const version = store.version();
      const value = await compute();
      if (store.version() === version || attempt === ATTEMPTS) return value;
    }
  };
  return () => {
    const [version, day] = [store.version(), dayOf(Date.now())];
    if (known?.version === version && known.day === day) return known.value;
    const value = fresh();
    const asked = { version, day, value };
    known = asked;
    // The next one who asks tries again.
    value.catch(() => {
      if (known === asked) known = undefined;
    });
    return value;
  };
}
