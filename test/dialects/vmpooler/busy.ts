import { samplePools } from '../../../api/core/vm-pool/history.ts';
import type { Db, Store } from '../../../store/open.ts';
import { dayOf } from '../../../store/pool-day.ts';
import { insertHistory } from '../../../store/pool-history.ts';
import { poolDays } from '../../../store/schema/vm-pool.ts';
import { updatePool } from '../../../store/vm-pool.ts';
import { nameSite, seedDurations, seedEntries, seedPool } from '../../pool-rows.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const FAMILIES = ['debian', 'centos', 'ubuntu', 'windows', 'sles', 'fedora'];

/** Names of `count` pools, of several families. */
const namesOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${FAMILIES[n % FAMILIES.length]}-${7 + Math.floor(n / 6)}-x86_64`);

/** Pools of all sorts with the history of a week: full ones, one that refills, an empty one, failing ones. */
export async function seedBusy(store: Store, count = 12): Promise<void> {
  const now = Date.now();
  await store.write(async (tx) => {
    await nameSite(tx, 'Delivery VM pools');
    for (const [n, name] of namesOf(count).entries()) {
      await seedPool(tx, { name, size: 5 + (n % 8), aliases: n % 3 === 0 ? [name.replace('-x86_64', '-64')] : [] });
      const ready = n === 2 ? 0 : n === 1 ? 3 : 5 + (n % 8);
      await seedEntries(tx, name, 'ready', ready, { readyAt: now });
      await seedEntries(tx, name, 'running', (n * 7) % 11, { checkedOutAt: now });
      await seedEntries(tx, name, 'pending', n === 1 || n === 2 ? 2 : 0);
      await updatePool(tx, name, { lastReadyAt: now - n * 3 * MINUTE_MS });
      await seedDays(tx, name, n, now);
      await seedCurve(tx, name, 5 + (n % 8), n, now);
    }
    await seedTrouble(tx, namesOf(count), now);
  });
  await samplePools(store, now);
}

async function seedDays(tx: Db, pool: string, n: number, now: number): Promise<void> {
  for (let ago = 0; ago < 7; ago += 1) {
    const took = Array.from({ length: 4 + ((n + ago * 3) % 7) }, (_, k) => 4 + ((k * 3 + n + ago) % 9));
    await seedDurations(tx, pool, 'clone', took, now - ago * DAY_MS);
    await seedDurations(
      tx,
      pool,
      'boot',
      took.map((s) => s * 6.3),
      now - ago * DAY_MS,
    );
  }
}

async function seedCurve(tx: Db, pool: string, size: number, n: number, now: number): Promise<void> {
  const rows = [];
  for (let at = now - DAY_MS - (now % (5 * MINUTE_MS)); at < now; at += 5 * MINUTE_MS) {
    const wave = Math.sin(at / 7_000_000 + n) * Math.sin(at / 1_700_000 + n * 2);
    const ready = Math.max(0, Math.min(size, Math.round(size - Math.max(0, wave) * size * 0.9)));
    rows.push({ pool, at, ready, running: size - ready + 2, size });
  }
  await insertHistory(tx, rows);
}

const NO_SPACE =
  'The storage pool vms of no node has 8 GiB left: hv1 has 2.1 GiB, hv2 has 0.4 GiB, hv3 is out of reach.';
const NO_SCRIPT =
  "The install script failed: debootstrap: E: Couldn't download packages: apt base-files (exit status 1).";

async function seedTrouble(tx: Db, names: readonly string[], now: number): Promise<void> {
  const [, , , backing = '', halted = ''] = names;
  await updatePool(tx, backing, {
    ...{ failures: 4, lastError: NO_SPACE, failedAt: now - MINUTE_MS, retryAt: now + 4 * MINUTE_MS },
  });
  await updatePool(tx, halted, { failures: 10, lastError: NO_SCRIPT, failedAt: now - 3_600_000, halted: true });
  for (const [pool, reason, ago] of [
    [halted, NO_SCRIPT, 3_600_000],
    [halted, NO_SCRIPT, 3_900_000],
    [names[0] ?? '', 'vm17 was not ready after 15 minutes.', DAY_MS + 120_000],
  ] as const)
    await seedEntries(tx, pool, 'destroyed', 1, {
      ...{ failed: true, reason, completedAt: now - ago, destroyedAt: now - ago + 1_000 },
    });
}

/** As many clones and boots on one day, whatever the day had before. */
export async function seedClones(tx: Db, count: number, pools: readonly string[], at = Date.now()): Promise<void> {
  const each = Math.floor(count / pools.length);
  for (const pool of pools)
    for (const kind of ['clone', 'boot'] as const)
      await tx
        .insert(poolDays)
        .values({ day: dayOf(at), kind, pool, count: each, total: each * 8.8, min: 2.79, max: 69.76 });
}
