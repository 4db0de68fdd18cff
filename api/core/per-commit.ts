import type { Store } from '../../store/open.ts';
import { dayOf } from '../../store/pool-day.ts';

/**
 * What `compute` reads, computed at most once per commit and day however many ask: between two commits all get the same
 * object, so that what is made of it can be kept beside it. One that was committed before the question is seen.
 */
export function perCommit<T>(store: Pick<Store, 'version'>, compute: () => Promise<T>): () => Promise<T> {
  let known: { readonly version: number; readonly day: string; readonly value: Promise<T> } | undefined;
  return () => {
    const [version, day] = [store.version(), dayOf(Date.now())];
    if (known?.version === version && known.day === day) return known.value;
    // The version was read before: what a commit changes meanwhile is at worst read too early, and read again for the next one.
    const value = compute();
    const asked = { version, day, value };
    known = asked;
    // The next one who asks tries again.
    value.catch(() => {
      if (known === asked) known = undefined;
    });
    return value;
  };
}
