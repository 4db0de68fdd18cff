import ipaddr from 'ipaddr.js';
import { DomainError } from '../../domain/fault.ts';

/** How many logins may fail within a minute before more are refused unasked. */
const MOST_FAILURES = { user: 10, address: 60 } as const;
const WINDOW_MS = 60_000;
/** Names and addresses to remember. */
const MOST_KEYS = 10_000;

export interface LoginAttempt {
  /** It is not to be counted: it succeeded, or was never decided. */
  forget(): void;
}

/** Slows down whoever guesses passwords. In memory: each API process counts for itself. */
export interface LoginLimit {
  /** Counts an attempt as failed until it is forgotten, so that guessing at once is no way around. 'unauthorized' beyond the limit. */
  begin(user: string, address: string): LoginAttempt;
}

/** No name and no address is refused for longer than a minute after its last counted failure. */
export function loginLimit(now: () => number = Date.now): LoginLimit {
  const failures = new Map<string, number[]>();

  const recent = (key: string): number[] => {
    const kept = (failures.get(key) ?? []).filter((at) => now() - at < WINDOW_MS);
    // Set anew, so that the map's first key is the one that was used the longest ago.
    failures.delete(key);
    if (kept.length > 0) failures.set(key, kept);
    return kept;
  };
  const refuse = (key: string, most: number, what: string): void => {
    const [first = 0, ...others] = recent(key);
    if (others.length + 1 < most) return;
    const seconds = Math.ceil((first + WINDOW_MS - now()) / 1000);
    throw new DomainError({ kind: 'unauthorized', why: `Too many failed logins ${what}: try again in ${seconds} s.` });
  };
  const add = (key: string, at: number): void => {
    failures.set(key, [...recent(key), at]);
    for (const oldest of failures.keys()) {
      if (failures.size <= MOST_KEYS) break;
      failures.delete(oldest);
    }
  };
  const remove = (key: string, at: number): void => {
    const kept = recent(key);
    const index = kept.indexOf(at);
    if (index >= 0) kept.splice(index, 1);
  };

  return {
    begin: (user, address) => {
      const keys = [`user ${user}`, `address ${networkOf(address)}`] as const;
      refuse(keys[0], MOST_FAILURES.user, 'of this user');
      refuse(keys[1], MOST_FAILURES.address, 'from this address');
      const at = now();
      for (const key of keys) add(key, at);
      return {
        forget: () => {
          for (const key of keys) remove(key, at);
        },
      };
    },
  };
}

/** Whoever has one IPv6 address has 2^64 of them. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const ip = ipaddr.process(address);
  return ip instanceof ipaddr.IPv6 ? ip.parts.slice(0, 4).join(':') : ip.toString();
}
