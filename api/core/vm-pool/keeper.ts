import type { VmId } from '../../../domain/ids.ts';
import type { PoolKeeper, PoolTurn } from '../../../domain/pool-keeper.ts';
import { HOUR_MS } from '../../../domain/vm-pool.ts';
import type { Db } from '../../../store/open.ts';
import { findEntryOfVm, forgetDestroyed, hasEntries, orphanedPools, updateEntry } from '../../../store/pool-entry.ts';
import { forgetRequests } from '../../../store/pool-request.ts';
import { findPool, listPools, poolSettings } from '../../../store/vm-pool.ts';
import type { CoreParts } from '../parts.ts';
import { cancelNow, logUntold, startSoon } from '../start.ts';
import { passPlacesOn, refill, shrink } from './refill.ts';
import { removeCompleted } from './remove.ts';
import { passRequestPlacesOn, serveRequests } from './request-turn.ts';
import { recordAnswer, settleRunning, settleWaiting, watchNodes } from './settle.ts';
import { silence } from './silence.ts';
import { isBlocked, recordLuck, type Turn } from './turn.ts';

/** Keeps VM pools as they are wanted, a transaction a turn. */
export function poolKeeper(parts: CoreParts): PoolKeeper {
  const { store } = parts;
  const heard = silence();
  return {
    keep: async (name, now) => {
      const turn = await store.write((tx) => take({ tx, name, now: atLeast(now), silence: heard }, parts));
      for (const task of turn.begun) startSoon(parts, task);
      for (const task of turn.cancelled)
        cancelNow(parts, task).catch((error: unknown) => logUntold(parts.log, task, error));
      return turn.over ? null : toOutside(turn);
    },
    probed: (_name, found, now) =>
      store.write(async (tx) => {
        for (const { vm, well } of found) await recordProbe(tx, vm, well, atLeast(now));
      }),
    pools: async () => {
      const known = (await listPools(store.read)).map((pool) => pool.name);
      return [...known, ...(await orphanedPools(store.read, known))];
    },
  };
}

/**
 * Now. The engine's clock says when its task began: a turn that waited for the store since is later, and one that is due by that clock
 * is not to be early by ours, or it would be taken again and again until it is due by both.
 */
const atLeast = (now: number): number => Math.max(now, Date.now());

interface Taken extends Turn {
  /** Whether the pool is gone, and nothing of it is left. */
  readonly over: boolean;
}

async function take(at: Pick<Turn, 'tx' | 'name' | 'now' | 'silence'>, parts: CoreParts): Promise<Taken> {
  const { tx, name, now } = at;
  const pool = await findPool(tx, name);
  const settings = await poolSettings(tx);
  const turn: Turn = {
    ...{ ...at, pool, settings },
    ...{ due: [], probes: [], wake: new Set(), begun: [], cancelled: [] },
    luck: { successes: 0, failures: [] },
  };
  const waiting = await settleWaiting(turn);
  await settleRunning(turn);
  await shrink(turn, waiting);
  await serveRequests(turn, parts, waiting.pending);
  if (!isBlocked(turn)) await refill(turn, parts, waiting);
  await watchNodes(turn);
  await recordLuck(turn);
  await passPlacesOn(turn);
  await passRequestPlacesOn(turn);
  await removeCompleted(turn);
  await forgetDestroyed(tx, now - settings.dataTtlHours * HOUR_MS);
  await forgetRequests(tx, now - settings.dataTtlHours * HOUR_MS);
  return { ...turn, over: pool === undefined && !(await hasEntries(tx, name)) };
}

/** What was due and could not be seen to in a turn, since a node is silent or looked at just now, is due again after this many ms. */
const LATER_MS = 2_000;

function toOutside({ name, now, due, probes, wake }: Turn): PoolTurn {
  const wakeAt = due.length === 0 ? null : Math.min(...due.map((at) => (at > now ? at : now + LATER_MS)));
  return { wakeAt: wake.has(name) ? now : wakeAt, probes, wake: [...wake].filter((other) => other !== name) };
}

async function recordProbe(tx: Db, vm: VmId, well: boolean, now: number): Promise<void> {
  const entry = await findEntryOfVm(tx, vm);
  if (entry?.state === 'pending') await recordAnswer(tx, entry, well, now);
  if (entry?.state !== 'ready') return;
  if (well) await updateEntry(tx, vm, { probedAt: now });
  else await updateEntry(tx, vm, { state: 'completed', completedAt: now, reason: 'It did not answer any more.' });
}
