import { HOUR_MS, lifetimeOf } from '../../../domain/vm-pool.ts';
import { countPending, type EntryRow, markCheckedOut, total } from '../../../store/pool-entry.ts';
import {
  entriesOfRequest,
  findRequest,
  listPendingRequests,
  type RequestRow,
  updateRequest,
} from '../../../store/pool-request.ts';
import { begin, type Maker } from './refill.ts';
import { giveBackAll, poolsOf } from './request.ts';
import { retire } from './settle.ts';
import type { Turn } from './turn.ts';

/** VMs that failed for one request before it fails. */
const MAX_FAILURES = 3;

/** Brings the on-demand requests that this pool has a part in nearer to what they ask. */
export async function serveRequests(turn: Turn, maker: Maker, waiting: readonly EntryRow[]): Promise<void> {
  await dropUnwanted(turn, waiting);
  for (const request of await listPendingRequests(turn.tx, turn.name)) await serve(turn, maker, request);
}

/** VMs on their way for requests that nobody waits for any more. */
async function dropUnwanted(turn: Turn, waiting: readonly EntryRow[]): Promise<void> {
  for (const entry of waiting) {
    if (entry.request === null) continue;
    const request = await findRequest(turn.tx, entry.request);
    if (request?.state !== 'pending') await retire(turn, entry, 'Its request is not waiting any more.');
  }
}

async function serve(turn: Turn, maker: Maker, request: RequestRow): Promise<void> {
  const { tx, name, now, due } = turn;
  if (request.expiresAt <= now) return fail(turn, request, lateReason(request));
  due.push(request.expiresAt);
  const mine = (await entriesOfRequest(tx, request.id)).filter((entry) => entry.pool === name);
  for (const entry of mine)
    if (entry.state === 'pending' && entry.readyAt !== null) await handOut(turn, entry, request);
  const wanted = request.wants.filter(({ pool }) => pool === name).reduce((sum, { count }) => sum + count, 0);
  const free = await freeSlots(turn);
  // Nobody tells of a place that another pool's request needs no more.
  if (wanted - mine.length > free) due.push(now + 1_000);
  const missing = Math.min(wanted - mine.length, free);
  if (missing > 0) await begin(turn, maker, missing, request.id);
  if (await countFailures(turn, request)) await finishIfFilled(turn, request);
}

const lateReason = ({ message }: RequestRow): string =>
  `The on-demand instance request failed to be filled in time${message === null ? '.' : `: ${message}`}`;

/**
 * VMs of the request that failed in this turn: permanently, or too often, and it fails with their reason. False then. Those that only
 * lacked room, or whose node died, are made elsewhere or later, in the time that the request has.
 */
async function countFailures(turn: Turn, request: RequestRow): Promise<boolean> {
  const mine = turn.luck.failures.filter((failure) => failure.request === request.id);
  const last = mine.at(-1);
  if (!last) return true;
  const failures = request.failures + mine.filter(({ scarce }) => !scarce).length;
  await updateRequest(turn.tx, request.id, { failures, message: last.why });
  if (mine.some(({ permanent }) => permanent) || failures > MAX_FAILURES) {
    await fail(turn, request, last.why);
    return false;
  }
  turn.due.push(turn.now + 1_000 * Math.max(1, failures));
  return true;
}

/** What was made for it goes back. */
async function fail(turn: Turn, request: RequestRow, message: string): Promise<void> {
  await updateRequest(turn.tx, request.id, { state: 'failed', message });
  await giveBackAll(turn.tx, request.id, `Its request failed: ${message}`);
  for (const pool of poolsOf(request)) turn.wake.add(pool);
}

async function handOut({ tx, pool, settings, now, due }: Turn, entry: EntryRow, request: RequestRow): Promise<void> {
  const lifetimeHours = request.tokenId === null ? null : settings.lifetimeAuthHours;
  const expiresAt = now + lifetimeOf({ lifetimeHours }, pool, settings) * HOUR_MS;
  await markCheckedOut(tx, entry.vm, {
    at: now,
    tokenId: request.tokenId,
    user: request.user,
    lifetimeHours,
    expiresAt,
  });
  due.push(expiresAt);
}

async function finishIfFilled({ tx }: Turn, { id, wants }: RequestRow): Promise<void> {
  const made = (await entriesOfRequest(tx, id)).filter(({ state }) => state === 'running');
  const total = wants.reduce((sum, { count }) => sum + count, 0);
  if (made.length >= total) await updateRequest(tx, id, { state: 'ready', message: null });
}

/** Places for clones that requests may take, and this pool has. */
async function freeSlots({ tx, name, pool, settings }: Turn): Promise<number> {
  const cloning = (await countPending(tx)).filter((row) => row.cloning);
  const ofPool = cloning.filter((row) => row.pool === name);
  return Math.min(
    settings.ondemandCloneLimit - total(cloning.filter(({ ondemand }) => ondemand)),
    (pool?.maxClones ?? Number.POSITIVE_INFINITY) - total(ofPool),
  );
}
