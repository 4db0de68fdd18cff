import { DEAD_AFTER_MS, deadBefore } from '../../../domain/node.ts';
import { TASK_FINAL } from '../../../domain/task.ts';
import type { VmState } from '../../../domain/vm.ts';
import { MINUTE_MS, type PoolSettings, type VmPool } from '../../../domain/vm-pool.ts';
import { nicsOf } from '../../../store/nic.ts';
import type { Db } from '../../../store/open.ts';
import { addDuration } from '../../../store/pool-day.ts';
import { type EntryRow, updateEntry } from '../../../store/pool-entry.ts';
import {
  leastHeardOf,
  listExpired,
  listPendingEntries,
  listReadyAmiss,
  listVanished,
  nextExpiry,
  readyOf,
} from '../../../store/pool-turn.ts';
import { findTask } from '../../../store/task.ts';
import { findPool, poolSettings } from '../../../store/vm-pool.ts';
import { type Failure, PERMANENT, type Turn } from './turn.ts';

type Waiting = Awaited<ReturnType<typeof listPendingEntries>>[number];

/** How often a guest that does not answer yet is asked again. */
const PROBE_PAUSE_MS = 2_000;

/** What is not checked out of a pool: those on their way, and how many are ready. */
export interface WaitingEntries {
  readonly pending: readonly EntryRow[];
  readonly ready: number;
}

/** Pending and ready entries after what has become of their VMs. Ready ones are only looked at where something is amiss or due. */
export async function settleWaiting(turn: Turn): Promise<WaitingEntries> {
  const { tx, name, pool, settings, now, due } = turn;
  const pending: EntryRow[] = [];
  for (const waiting of await listPendingEntries(tx, name))
    if ((await settlePending(turn, waiting)) === 'pending') pending.push(waiting.entry);
  const ttlMs = (pool?.readyTtlMin ?? settings.readyTtlMin) * MINUTE_MS;
  const checkMs = (pool?.probePort ?? null) === null ? 0 : settings.checkTimeMin * MINUTE_MS;
  // 0: never.
  const [readyBy, probedBy] = [ttlMs > 0 ? now - ttlMs : -1, checkMs > 0 ? now - checkMs : -1];
  for (const waiting of await listReadyAmiss(tx, name, readyBy, probedBy)) await settleReady(turn, waiting);
  const { count, readyAt, probedAt } = await readyOf(tx, name);
  if (readyAt !== null && ttlMs > 0) due.push(readyAt + ttlMs);
  if (probedAt !== null && checkMs > 0) due.push(probedAt + checkMs);
  return { pending, ready: count };
}

/** Whether the VM was made as its profile asks: nothing changes it any more, and it runs. */
const isMade = ({ vmState, changing }: Waiting): boolean => vmState === 'running' && changing === null;

async function settlePending(turn: Turn, waiting: Waiting): Promise<'pending' | 'ready' | null> {
  const { pool, settings, now, due } = turn;
  const { entry, vmState } = waiting;
  if (vmState === null || (vmState !== 'provisioning' && !isMade(waiting) && waiting.changing === null))
    return failed(turn, waiting);
  if (isOnSilentNode(waiting))
    return isDead(turn, waiting) ? giveUp(turn, entry, deadReason(waiting), { scarce: true }) : 'pending';
  const port = pool?.probePort ?? null;
  const made = isMade(waiting);
  // Whatever time it took: it may have been made while nobody looked.
  if (made && (port === null || entry.probedAt !== null)) return welcome(turn, entry);
  const minutes = timeoutMin(pool, settings);
  const timeoutAt = entry.startedAt + minutes * MINUTE_MS;
  const asked = made && port !== null && entry.reason === null && (await askGuest(turn, waiting, port));
  if (timeoutAt <= now && !asked) return giveUp(turn, entry, `${entry.name} was not ready after ${minutes} minutes.`);
  if (timeoutAt > now) due.push(timeoutAt);
  if (made) due.push(now + PROBE_PAUSE_MS);
  return 'pending';
}

const timeoutMin = (pool: VmPool | undefined, settings: PoolSettings): number =>
  pool?.timeoutMin ?? settings.timeoutMin;

/** What a look at a guest that is to be ready has found: one that does not answer after its time is up is not asked again. */
export async function recordAnswer(tx: Db, entry: EntryRow, well: boolean, now: number): Promise<void> {
  const minutes = timeoutMin(await findPool(tx, entry.pool), await poolSettings(tx));
  if (well) await updateEntry(tx, entry.vm, { probedAt: now });
  else if (entry.startedAt + minutes * MINUTE_MS <= now)
    await updateEntry(tx, entry.vm, { reason: 'It does not answer.' });
}

/** The VM is there, and well. */
async function welcome({ tx, now, luck }: Turn, entry: EntryRow): Promise<'pending' | 'ready'> {
  // Made before, and not handed out yet.
  if (entry.readyAt !== null) return 'pending';
  luck.successes += 1;
  // That the clone has ended was said by a clock that may be ahead.
  const readyAt = Math.max(now, entry.clonedAt ?? now);
  await addDuration(tx, { at: readyAt, kind: 'boot', pool: entry.pool, seconds: (readyAt - entry.startedAt) / 1_000 });
  // One that was made for a request is handed out by it.
  const state = entry.request === null ? 'ready' : 'pending';
  await updateEntry(tx, entry.vm, { state, readyAt, probedAt: now });
  return state;
}

async function settleReady(turn: Turn, waiting: Waiting): Promise<void> {
  const { tx, pool, settings, now } = turn;
  const { entry, vmState, changing } = waiting;
  if (vmState === null) {
    await updateEntry(tx, entry.vm, { state: 'destroyed', destroyedAt: now, reason: 'Its VM was deleted.' });
    return;
  }
  const ttl = pool?.readyTtlMin ?? settings.readyTtlMin;
  const port = pool?.probePort ?? null;
  if (isOnSilentNode(waiting)) {
    if (isDead(turn, waiting)) await retire(turn, entry, deadReason(waiting));
  } else if (vmState !== 'running' && changing === null) await retire(turn, entry, offReason(vmState));
  else if (ttl > 0 && (entry.readyAt ?? entry.startedAt) + ttl * MINUTE_MS <= now)
    await retire(turn, entry, `It was ready for ${ttl} minutes without being wanted.`);
  else if (port !== null) await askGuest(turn, waiting, port);
}

const isOnSilentNode = ({ nodeSeenAt }: Waiting): boolean => nodeSeenAt !== null && nodeSeenAt < deadBefore(Date.now());

/** Whether the silent node was listened to for long enough; else the keeper looks again when it will have been. */
function isDead({ silence, due }: Turn, { node, nodeSeenAt }: Waiting): boolean {
  if (node === null || nodeSeenAt === null) return false;
  const at = silence.provenAt(node, nodeSeenAt);
  if (at > Date.now()) due.push(at);
  return at <= Date.now();
}

const deadReason = ({ node }: Waiting): string => `Its node ${node} does not answer.`;

const offReason = (state: VmState): string => `It is ${state}: it went off while it waited.`;

/** Whether it can be asked at all. */
async function askGuest({ tx, probes }: Turn, { entry, node }: Waiting, port: number): Promise<boolean> {
  const ip = (await nicsOf(tx, [entry.vm])).find((nic) => nic.ip !== null)?.ip;
  if (!ip || !node) return false;
  probes.push({ vm: entry.vm, node, ip, port });
  return true;
}

/** The VM could not be made: whatever of it is left is deleted like all others. */
async function failed(turn: Turn, { entry, vmState }: Waiting): Promise<'pending' | null> {
  const task = await findTask(turn.tx, entry.task);
  // It gives back what it had reserved before it says why.
  if (task && !TASK_FINAL.includes(task.state)) return 'pending';
  const why = task?.error ?? (task?.state === 'REVOKED' ? 'Its creation was cancelled.' : 'Its VM was deleted.');
  await giveUp(turn, entry, why, { permanent: PERMANENT.includes(task?.fault ?? '') });
  if (vmState === null) await updateEntry(turn.tx, entry.vm, { state: 'destroyed', destroyedAt: turn.now });
  return null;
}

/** Gives an entry up as its pool's failure. */
export async function giveUp(
  { tx, now, luck }: Turn,
  entry: EntryRow,
  why: string,
  how: Partial<Pick<Failure, 'permanent' | 'scarce'>> = {},
): Promise<null> {
  await updateEntry(tx, entry.vm, { state: 'completed', completedAt: now, reason: why, failed: true });
  luck.failures.push({ why, permanent: false, ...how, request: entry.request });
  return null;
}

/** Wakes the keeper at the moment at which a node of VMs that wait, or are being made, would be taken for dead. */
export async function watchNodes({ tx, name, due }: Turn): Promise<void> {
  const heardOf = await leastHeardOf(tx, name);
  if (heardOf !== null) due.push(heardOf + DEAD_AFTER_MS + 1);
}

/** Gives an entry up without anybody being at fault. */
export async function retire({ tx, now }: Turn, { vm }: Pick<EntryRow, 'vm'>, reason: string): Promise<null> {
  await updateEntry(tx, vm, { state: 'completed', completedAt: now, reason });
  return null;
}

/** Takes back what was checked out for long enough, and lets go of what is gone. */
export async function settleRunning(turn: Turn): Promise<void> {
  const { tx, name, now, due } = turn;
  for (const entry of await listExpired(tx, name, now)) await retire(turn, entry, 'Its lifetime is over.');
  for (const vm of await listVanished(tx, name))
    await updateEntry(tx, vm, { state: 'destroyed', destroyedAt: now, reason: 'Its VM was deleted.' });
  const next = await nextExpiry(tx, name);
  if (next !== null) due.push(next);
}
