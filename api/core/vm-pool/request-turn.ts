import { HOUR_MS, lifetimeOf } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { type EntryRow, markCheckedOut, total } from '../../../store/pool-entry.ts';
import {
  entriesOfRequest,
  findRequest,
  listGiven,
  listLateRequests,
  listReadyForRequests,
  nextRequestExpiry,
  type RequestRow,
  updateRequest,
} from '../../../store/pool-request.ts';
import { findTask } from '../../../store/task.ts';
import { begin, type Maker } from './refill.ts';
import { endRequest, poolsOf } from './request.ts';
import { REST_MS, shareRequestPlaces } from './request-share.ts';
import { giveUp, retire } from './settle.ts';
import type { Failure, Turn } from './turn.ts';

/** VMs that failed for one request before it fails. */
const MAX_FAILURES = 3;

/** Brings the on-demand requests that this pool has a part in nearer to what they ask. */
export async function serveRequests(turn: Turn, maker: Maker, waiting: readonly EntryRow[]): Promise<void> {
  await settleTimes(turn);
  await dropUnwanted(turn, waiting);
  for (const { entry, request } of await listReadyForRequests(turn.tx, turn.name)) await handOut(turn, entry, request);
  // One that cannot be begun is the last one tried.
  for (const { request, pool } of await shareRequestPlaces(turn))
    if (pool === turn.name && (await begin(turn, maker, 1, request)) === 0) break;
  await countFailures(turn);
  for (const { request, given } of await listGiven(turn.tx))
    if (given >= total(request.wants)) await updateRequest(turn.tx, request.id, { state: 'ready', message: null });
}

/** Pools whose requests may have places now have work: this one, too, if what became of it in this turn has changed that. */
export async function passRequestPlacesOn(turn: Turn): Promise<void> {
  for (const { pool, rests } of await shareRequestPlaces(turn))
    if (rests) turn.due.push(turn.now + REST_MS);
    else turn.wake.add(pool);
}

/** Requests whose time is over fail, for what keeps those of their VMs that take too long. */
async function settleTimes(turn: Turn): Promise<void> {
  const { tx, name, now, due } = turn;
  for (const request of await listLateRequests(tx, name, now)) {
    const begun = await entriesOfRequest(tx, request.id);
    const stuck = begun.find((entry) => isStuck(entry, request, now));
    const left = total(request.wants) - begun.length;
    const unbegun = left > 0 ? `${left} of its VMs had not been begun (ondemand_clone_limit, max_clones)` : null;
    const why = stuck ? await whyStuck(tx, stuck) : (request.message ?? unbegun);
    const late = 'The on-demand instance request failed to be filled in time';
    await fail(turn, request, why === null ? `${late}.` : `${late}: ${why}`);
  }
  const next = await nextRequestExpiry(tx, name);
  if (next !== null) due.push(next);
}

/**
 * VMs of this pool on their way for requests that nobody waits for any more. One that had half of the time of its request, and is not
 * ready at its end, is its pool's failure.
 */
async function dropUnwanted(turn: Turn, waiting: readonly EntryRow[]): Promise<void> {
  for (const entry of waiting) {
    if (entry.request === null) continue;
    const request = await findRequest(turn.tx, entry.request);
    if (request?.state === 'pending') continue;
    if (request?.state === 'failed' && isStuck(entry, request, turn.now))
      await giveUp(turn, entry, await whyStuck(turn.tx, entry), { scarce: true });
    else await retire(turn, entry, 'Its request is not waiting any more.');
  }
}

const isStuck = (entry: EntryRow, { createdAt, expiresAt }: RequestRow, now: number): boolean =>
  expiresAt <= now &&
  entry.state === 'pending' &&
  entry.readyAt === null &&
  entry.startedAt <= (createdAt + expiresAt) / 2;

const whyStuck = async (tx: Db, { name, task }: EntryRow): Promise<string> =>
  `${name} was not ready in the time of its request: ${(await findTask(tx, task))?.status}`;

/**
 * Requests whose VMs failed in this turn: permanently, or too often, and they fail with their reason. VMs that only lacked room, or
 * whose node died, are made elsewhere or later, in the time that the request has.
 */
async function countFailures(turn: Turn): Promise<void> {
  for (const [id, failures] of Map.groupBy(turn.luck.failures, ({ request }) => request)) {
    const request = id === null ? undefined : await findRequest(turn.tx, id);
    if (request?.state === 'pending') await countFailuresOf(turn, request, failures);
  }
}

async function countFailuresOf(turn: Turn, request: RequestRow, failed: readonly Failure[]): Promise<void> {
  const message = failed.at(-1)?.why ?? '';
  const failures = request.failures + failed.filter(({ scarce }) => !scarce).length;
  await updateRequest(turn.tx, request.id, { failures, message });
  if (failed.some(({ permanent }) => permanent) || failures > MAX_FAILURES) await fail(turn, request, message);
  else turn.due.push(turn.now + 1_000 * Math.max(1, failures));
}

async function fail(turn: Turn, request: RequestRow, message: string): Promise<void> {
  await endRequest(turn.tx, request, 'failed', message);
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
