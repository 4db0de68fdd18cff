import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listWaits } from '../../../../store/pool-wait.ts';
import { ADMIN } from '../cluster.ts';
import { type Pooled, pooled } from './pooled.ts';

let at: Pooled;
let other: BetterSqlite3.Database;
beforeEach(async () => {
  at = await pooled();
  await at.pool({ name: 'a', size: 2 });
  await at.fill('a');
  other = new BetterSqlite3(at.file);
});
afterEach(async () => {
  other.close();
  await at.close();
});

const owner = {
  principal: { account: 'jdoe', tenant: 'default', role: 'user' },
  tokenId: 'token-of-jdoe',
  user: 'jdoe',
} as const;
/** Not a copy of these: whether the asker has gone is asked for each time. */
const take = (count: number, asker: { readonly gone: boolean; waitMs?: number }) =>
  at.services.checkouts.take(
    owner,
    [{ name: 'a', count }],
    Object.assign(asker, { waitMs: asker.waitMs ?? 0, signal: new AbortController().signal }),
  );
const stays = (waitMs = 0) => ({ gone: false, waitMs });
const entries = () => other.prepare('SELECT * FROM pool_entries ORDER BY number').all();
const commits = () => other.pragma('data_version', { simple: true });

/** One who stays for so many looks. */
const leaving = (looks: number, waitMs = 0) => {
  let left = looks;
  return {
    waitMs,
    get gone() {
      left -= 1;
      return left < 0;
    },
  };
};

describe('a checkout whose asker has gone', () => {
  it('takes nothing where the store was busy meanwhile', async () => {
    const asker = { gone: false };
    const before = [entries(), commits()];
    other.exec('BEGIN IMMEDIATE');
    const taking = take(1, asker);
    asker.gone = true;
    other.exec('ROLLBACK');
    await expect(taking).rejects.toMatchObject({ fault: { kind: 'cancelled' } });
    expect([entries(), commits()]).toEqual(before);
  });

  it('is undone where that was seen only after the commit: nothing says that it ever was', async () => {
    await at.services.pools.changeSettings(ADMIN, { lifetimeHours: 3, lifetimeAuthHours: 7 });
    const before = entries();
    await at.settled();
    const woken = at.jobs.woken.length;
    await expect(take(2, leaving(1))).rejects.toMatchObject({ fault: { kind: 'cancelled' } });
    expect(entries()).toEqual(before);
    await at.settled();
    expect(at.jobs.woken.slice(woken)).toContain('a');
    expect(await take(2, stays())).toHaveLength(1);
  });

  it('is not undone for what somebody has given back meanwhile', async () => {
    const asker = {
      looks: 0,
      get gone() {
        this.looks += 1;
        if (this.looks === 2) other.exec("UPDATE pool_entries SET state = 'completed' WHERE state = 'running'");
        return this.looks > 1;
      },
    };
    await expect(take(1, asker)).rejects.toMatchObject({ fault: { kind: 'cancelled' } });
    expect(await at.states('a')).toEqual({ ready: 1, completed: 1 });
  });

  it.each([
    ['changed', () => at.services.pools.update(ADMIN, 'a', { args: ['suite=trixie'] })],
    ['reset', () => at.services.pools.reset(ADMIN, ['a'])],
    ['removed', () => at.services.pools.remove(ADMIN, 'a')],
    ['removed and made again', () => at.services.pools.remove(ADMIN, 'a').then(() => at.pool({ name: 'a', size: 2 }))],
  ])('gives up a VM whose pool was %s meanwhile', async (_, drain) => {
    let drained: Promise<unknown> | undefined;
    const asker = {
      get gone() {
        if (drained) return true;
        drained = Promise.resolve();
        queueMicrotask(() => {
          drained = drain();
        });
        return false;
      },
    };
    await expect(take(1, asker)).rejects.toMatchObject({ fault: { kind: 'cancelled' } });
    await drained;
    expect(await at.states('a')).toEqual({ completed: 2 });
  });

  it('leaves what it has put back to the next in line', async () => {
    await take(2, stays());
    const line = async () => (await listWaits(at.store.read, Date.now())).length;
    const first = expect(take(2, leaving(2, 60_000))).rejects.toThrow('has gone');
    await expect.poll(line).toBe(1);
    const second = take(2, stays(60_000));
    await expect.poll(line).toBe(2);
    await at.fill('a');
    await first;
    expect((await second)[0]?.vms).toHaveLength(2);
    expect(await line()).toBe(0);
  });
});
