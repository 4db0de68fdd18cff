import { randomUUID } from 'node:crypto';
import { type Borrower, isKnown } from '../../../domain/borrower.ts';
import { drawPool, type Want } from '../../../domain/checkout.ts';
import { DomainError, exists, invalid, notFound } from '../../../domain/fault.ts';
import { MINUTE_MS } from '../../../domain/vm-pool.ts';
import type { Db, Store } from '../../../store/open.ts';
import { type EntryRow, total, updateEntry } from '../../../store/pool-entry.ts';
import {
  countWaiting,
  entriesOfRequest,
  findRequest,
  insertRequest,
  type RequestRow,
  updateRequest,
} from '../../../store/pool-request.ts';
import { findProfile } from '../../../store/profile.ts';
import { findPool, poolSettings } from '../../../store/vm-pool.ts';
import { mayBorrow, mustOwnRequest } from './own.ts';
import { type Asked, resolve } from './take.ts';
import type { WakePool } from './wake.ts';

/** What an on-demand request has come to: per name asked for, VMs handed out and how many are on their way. */
export interface RequestDetail extends Pick<RequestRow, 'id' | 'state' | 'message' | 'createdAt' | 'expiresAt'> {
  readonly wants: readonly { readonly name: string; readonly vms: readonly string[]; readonly pending: number }[];
}

export interface RequestService {
  /**
   * Asks for VMs to be made now. 'not-found' for a name that is no pool's, 'invalid' for a count that is none or an id of other
   * characters, 'forbidden' for more of one name than the settings allow and for more than MAX_WAITING VMs at once, 'exists' for an id that was used before.
   */
  create(who: Borrower, asked: readonly Asked[], id: string | null): Promise<RequestDetail>;
  get(id: string): Promise<RequestDetail>;
  /** VMs that were handed out go back, too; success if that is so already. */
  remove(who: Borrower, id: string): Promise<{ readonly already: boolean }>;
}

/** Not what a path would take for a folder: it could not be asked for. */
const REQUEST_ID = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,128}$/;

/** VMs that on-demand requests of one user, or of all whom nobody knows, may wait for at once: each is looked at whenever a place is free. */
export const MAX_WAITING = 1_000;

export function requestService({ store, wake }: { readonly store: Store; readonly wake: WakePool }): RequestService {
  return {
    create: async (who, asked, given) => {
      mayBorrow(who);
      const id = given ?? randomUUID();
      if (!REQUEST_ID.test(id))
        throw invalid('request_id', 'must be 1 to 128 letters, digits and _.-, and more than . or ..');
      if (asked.length === 0) throw invalid('body', 'names no VM pool.');
      const request = await store.write(async (tx) => {
        const settings = await poolSettings(tx);
        const wanted = await resolve(tx, asked, settings);
        const most = settings.maxPerRequest;
        const many = wanted.find(({ count }) => count > most);
        if (many)
          throw new DomainError({
            kind: 'forbidden',
            why: `requested amount of instances (${many.count} of ${many.name}) exceeds the maximum ${most}`,
          });
        if (await findRequest(tx, id)) throw exists('on-demand request', id);
        const { tokenId, user } = isKnown(who) ? who : { tokenId: null, user: null };
        const waiting = (await countWaiting(tx, user)) + total(wanted);
        if (waiting > MAX_WAITING) throw tooMany(user);
        const wants: RequestRow['wants'] = (await Promise.all(wanted.map((want) => drawMakers(tx, want)))).flat();
        const now = Date.now();
        const row: RequestRow = {
          ...{ id, wants, tokenId, user, message: null, failures: 0 },
          ...{ state: 'pending', createdAt: now, expiresAt: now + settings.requestTtlMin * MINUTE_MS },
        };
        await insertRequest(tx, row);
        return row;
      });
      for (const pool of poolsOf(request)) wake(pool);
      return detailOf(request, []);
    },
    get: async (id) => {
      const request = await findRequest(store.read, id);
      if (!request) throw notFound('on-demand request', id);
      return detailOf(request, await entriesOfRequest(store.read, id));
    },
    remove: async (who, id) => {
      mayBorrow(who);
      const { already, pools } = await store.write(async (tx) => {
        const request = await findRequest(tx, id);
        if (!request) throw notFound('on-demand request', id);
        mustOwnRequest(who, request);
        if (request.state === 'deleted') return { already: true, pools: [] };
        await endRequest(tx, request, 'deleted', 'The request has been deleted');
        return { already: false, pools: poolsOf(request) };
      });
      for (const pool of pools) wake(pool);
      return { already };
    },
  };
}

const tooMany = (user: string | null): DomainError =>
  new DomainError({
    kind: 'forbidden',
    why: `on-demand requests ${user === null ? 'without a token' : `of ${user}`} would wait for more than ${MAX_WAITING} VMs: wait until some are filled, or delete some`,
  });

/** Pools that make its VMs: none the less where they have made none yet. */
export const poolsOf = ({ wants }: Pick<RequestRow, 'wants'>): readonly string[] => [
  ...new Set(wants.map(({ pool }) => pool)),
];

/** The pool that makes each VM, drawn by weight among those that are likeliest to make any. */
async function drawMakers(tx: Db, want: Want): Promise<RequestRow['wants']> {
  const makers = await makersAmong(tx, want.pools);
  const counts = new Map<string, number>();
  for (let vm = 0; vm < want.count; vm += 1) {
    const pool = drawPool(want, Math.random, (one) => makers.includes(one)) ?? want.name;
    counts.set(pool, (counts.get(pool) ?? 0) + 1);
  }
  return [...counts].map(([pool, count]) => ({ name: want.name, pool, count }));
}

/** Those that are neither given up nor without a profile; of none of them, all. A pool that keeps none ready makes them as well. */
async function makersAmong(tx: Db, names: readonly string[]): Promise<readonly string[]> {
  if (names.length < 2) return names;
  const live: string[] = [];
  for (const name of names) {
    const pool = await findPool(tx, name);
    if (pool && !pool.halted && (await findProfile(tx, pool.profile))) live.push(name);
  }
  return live.length > 0 ? live : names;
}

/** Ends a request that waits: what it was given goes back, and the keepers of its pools, once woken, drop what is on its way. */
export async function endRequest(
  tx: Db,
  request: RequestRow,
  state: 'failed' | 'deleted',
  message: string,
): Promise<void> {
  await updateRequest(tx, request.id, { state, message });
  const reason = state === 'failed' ? `Its request failed: ${message}` : 'Its request was deleted.';
  for (const { vm, state: stands } of await entriesOfRequest(tx, request.id))
    if (stands === 'running') await updateEntry(tx, vm, { state: 'completed', completedAt: Date.now(), reason });
}

/** VMs of a pool go to the names that ask for it, in their order. */
function detailOf(request: RequestRow, entries: readonly EntryRow[]): RequestDetail {
  const { id, state, message, createdAt, expiresAt } = request;
  const left = entries.filter((entry) => entry.state === 'running').map((entry) => ({ ...entry }));
  const wants = new Map<string, { readonly vms: readonly string[]; readonly pending: number }>();
  for (const { name, pool, count } of request.wants) {
    const mine = left.filter((entry) => entry.pool === pool).slice(0, count);
    for (const entry of mine) left.splice(left.indexOf(entry), 1);
    const { vms = [], pending = 0 } = wants.get(name) ?? {};
    wants.set(name, { vms: [...vms, ...mine.map((entry) => entry.name)], pending: pending + count - mine.length });
  }
  return {
    ...{ id, state, message, createdAt, expiresAt },
    wants: [...wants].map(([name, made]) => ({ name, ...made })),
  };
}
