import { HOUR_MS, lifetimeOf } from '../../../domain/vm-pool.ts';
import { type EntryRow, markCheckedOut, total } from '../../../store/pool-entry.ts';
import {
  countGiven,
  findRequest,
  listPendingRequests,
  listReadyForRequests,
  type RequestRow,
  updateRequest,
} from '../../../store/pool-request.ts';
import { begin, type Maker } from './refill.ts';
import { giveBackAll, poolsOf } from './request.ts';
import { REST_MS, shareRequestPlaces } from './request-share.ts';
import { retire } from './settle.ts';
import type { Turn } from './turn.ts';

/** VMs that failed for one request before it fails. */
const MAX_FAILURES = 3;

/** Brings the on-demand requests that this pool has a part in nearer to what they ask. */
export async function serveRequests(turn: Turn, maker: Maker, waiting: readonly EntryRow[]): Promise<void> {
  await dropUnwanted(turn, waiting);
  const requests = await settleTimes(turn);
  for (const { entry, request } of await listReadyForRequests(turn.tx, turn.name)) await handOut(turn, entry, request);
  const shares = await shareRequestPlaces(turn);
  for (const { request, pool, count } of shares) if (pool === turn.name) await begin(turn, maker, count, request);
  const given = new Map((await countGiven(turn.tx)).map((row) => [row.request, row.count]));
  for (const request of requests)
    if ((await countFailures(turn, request)) && (given.get(request.id) ?? 0) >= total(request.wants))
      await updateRequest(turn.tx, request.id, { state: 'ready', message: null });
}

/** Pools whose requests may have places now have work: this one, too, if what became of it in this turn has changed that. */
export async function passRequestPlacesOn(turn: Turn): Promise<void> {
  for (const { pool, rests } of await shareRequestPlaces(turn))
    if (rests) turn.due.push(turn.now + REST_MS);
    else turn.wake.add(pool);
}

/** VMs on their way for requests that nobody waits for any more. */
async function dropUnwanted(turn: Turn, waiting: readonly EntryRow[]): Promise<void> {
  for (const entry of waiting) {
    if (entry.request === null) continue;
    const request = await findRequest(turn.tx, entry.request);
    if (request?.state !== 'pending') await retire(turn, entry, 'Its request is not waiting any more.');
  }
}

/** Requests whose time is over fail; those that still wait. */
async function settleTimes(turn: Turn): Promise<readonly RequestRow[]> {
  const { tx, name, now, due } = turn;
  const requests = await listPendingRequests(tx, name);
  for (const request of requests) if (request.expiresAt <= now) await fail(turn, request, lateReason(request));
  const waiting = requests.filter(({ expiresAt }) => expiresAt > now);
  if (waiting.length > 0) due.push(Math.min(...waiting.map(({ expiresAt }) => expiresAt)));
  return waiting;
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
