import type { Store } from '../../store/open.ts';
import { touchToken } from '../../store/token.ts';
import type { CoreLog } from './parts.ts';

/** When tokens were used, without a write in the way of each read. */
export interface TokenUse {
  /** Returns at once; the time that is kept may be up to a second early. */
  mark(id: string): void;
}

/** Milliseconds within which further uses of a token are not written. */
const PAUSE_MS = 1000;
/** Tokens to remember: more would be written more often, not wrongly. */
const MOST = 10_000;

export function tokenUse(store: Pick<Store, 'write'>, log: CoreLog): TokenUse {
  const written = new Map<string, number>();
  return {
    mark: (id) => {
      const now = Date.now();
      if (now - (written.get(id) ?? 0) < PAUSE_MS) return;
      if (written.size >= MOST) written.clear();
      written.set(id, now);
      store
        .write((tx) => touchToken(tx, id, now))
        .catch((error: unknown) => log.warn({ err: error, token: id }, 'the use of a token was not recorded'));
    },
  };
}
