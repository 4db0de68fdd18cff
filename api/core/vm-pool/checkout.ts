import { setImmediate as turn } from 'node:timers/promises';
import type { Borrower } from '../../../domain/borrower.ts';
import { shortfall, type Want } from '../../../domain/checkout.ts';
import { cancelled, invalid, noCapacity } from '../../../domain/fault.ts';
import type { Store } from '../../../store/open.ts';
import { putBack } from '../../../store/pool-entry.ts';
import { listPools } from '../../../store/vm-pool.ts';
import type { CoreParts } from '../parts.ts';
import { sizesOf, untilKnown, type Waiter } from './line.ts';
import { mayBorrow } from './own.ts';
import { type Asked, type Given, missingOf, type Taken, takeVms } from './take.ts';
import { waitingLine } from './waiting-line.ts';
import { seldom, type WakePool } from './wake.ts';

export interface CheckoutOptions {
  /** How long to wait, in ms, until everything can be had; 0 not at all. */
  readonly waitMs: number;
  /** Aborted when the asker has gone, or is to wait no longer. */
  readonly signal: AbortSignal;
  /** Whether the asker has gone, as of now: nothing that is answered would be heard. */
  readonly gone: boolean;
}

export interface CheckoutService {
  /**
   * Takes ready VMs out of pools: all that is asked for or nothing, in one transaction. 'not-found' for a name that is no pool's,
   * 'invalid' for a count that is none, 'no-capacity' naming how many of which are missing. Those who wait are served first come first,
   * and refused as soon as pools are changed so that they could not be served any more. 'cancelled', nothing being taken, for one who has gone.
   */
  take(who: Borrower, asked: readonly Asked[], options: CheckoutOptions): Promise<readonly Given[]>;
}

/** Longest wait, in ms. */
const MAX_WAIT_MS = 3_600_000;

export function checkoutService({
  store,
  wake,
  log,
}: Pick<CoreParts, 'store' | 'log'> & { readonly wake: WakePool }): CheckoutService {
  const line = waitingLine({ store, log });
  // A keeper knows what its pool lacks: being told so by every client that asks again would keep it, and the engine, from filling it.
  const nudge = seldom(wake);
  const attempt = async (who: Borrower, asked: readonly Asked[], { number, at, options }: Asking): Promise<Taken> => {
    const isThere = (waiter: Waiter): boolean => line.isThere(waiter, at);
    const taken = await store.write(async (tx) => {
      // The store may have been busy for seconds.
      if (options.gone) throw goneFault();
      return takeVms(tx, who, asked, { now: Date.now(), turn: number, isThere });
    });
    if ('short' in taken) return taken;
    // Whoever went while the store was written to is seen to have gone in the event loop's next turn.
    await turn();
    if (!options.gone) return taken;
    await store.write(async (tx) => {
      for (const name of taken.given.flatMap(({ vms }) => vms)) await putBack(tx, name, Date.now());
    });
    for (const pool of taken.pools) wake(pool);
    throw goneFault();
  };
  /** Out of turn: what others keep from it, they have to be there for. */
  const attemptNow = async (who: Borrower, asked: readonly Asked[], options: CheckoutOptions) => {
    const asking = { number: Number.POSITIVE_INFINITY, at: Date.now(), options };
    const taken = await attempt(who, asked, asking);
    if ('given' in taken || taken.doubted.length === 0 || options.waitMs > 0) return taken;
    // Only now: signals are made when they are asked for.
    const { signal } = options;
    await untilKnown(store, taken.doubted, (waiter) => line.isThere(waiter, asking.at), signal);
    return signal.aborted ? taken : attempt(who, asked, asking);
  };
  return {
    take: async (who, asked, options) => {
      const { waitMs } = options;
      mayBorrow(who);
      if (asked.length === 0) throw invalid('body', 'names no VM pool.');
      if (!(waitMs >= 0 && waitMs <= MAX_WAIT_MS)) throw invalid('wait', `must be 0 to ${MAX_WAIT_MS / 1000} seconds.`);
      const taken = await attemptNow(who, asked, options);
      for (const pool of taken.pools) 'given' in taken ? wake(pool) : nudge(pool);
      if ('given' in taken) return taken.given;
      if (waitMs === 0) throw refusalOf(taken);
      await mustFit(store, taken.wants);
      let last = taken;
      const given = await line.wait(
        asked,
        AbortSignal.any([options.signal, AbortSignal.timeout(waitMs)]),
        async (number) => {
          const later = await attempt(who, asked, { number, at: Date.now(), options });
          if ('short' in later) {
            last = later;
            return mustFit(store, later.wants);
          }
          for (const pool of later.pools) wake(pool);
          return later.given;
        },
      );
      if (given === null) throw refusalOf(last);
      return given;
    },
  };
}

type Refused = Extract<Taken, { readonly short: unknown }>;

interface Asking {
  /** Number in the queue, Infinity without one. */
  readonly number: number;
  /** Epoch ms at which it was asked for. */
  readonly at: number;
  readonly options: CheckoutOptions;
}

const goneFault = () => cancelled('Whoever asked for it has gone.');

const words = (short: Refused['short']): string => short.map(({ name, missing }) => `${missing} of ${name}`).join(', ');

const refusalOf = ({ short, promised }: Refused) => {
  const beside = promised ? ' beside those that are promised to requests that wait longer' : '';
  return noCapacity(`Too few VMs are ready${beside}: ${words(short)} missing.`);
};

/** Waiting for more than pools ever have ready would keep others out of them for nothing. */
async function mustFit(store: Store, wants: readonly Want[]): Promise<null> {
  const short = shortfall(wants, sizesOf(await listPools(store.read)));
  if (short.length === 0) return null;
  throw noCapacity(
    `More is asked for than the pools have when they are full: ${words(missingOf(short))} would be missing.`,
  );
}
