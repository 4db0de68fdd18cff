import { afterEach, beforeEach, expect, it } from 'vitest';
import { listPendingRequests } from '../../../../store/pool-request.ts';
import { poolRequests } from '../../../../store/schema/vm-pool.ts';
import { ADMIN } from '../cluster.ts';
import { POOL, type Pooled, pooled } from './pooled.ts';

const REQUESTS = 5_000;

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
  await at.services.pools.changeSettings(ADMIN, { ondemandCloneLimit: 4 });
  await at.pool({ size: 0 });
  const now = Date.now();
  await at.store.write(async (tx) => {
    for (let n = 0; n < REQUESTS; n += 1)
      await tx.insert(poolRequests).values({
        ...{ id: `request-${n}`, wants: [{ name: POOL.name, pool: POOL.name, count: 1 }] },
        ...{ tokenId: null, user: null, message: null, failures: 0, state: 'pending' },
        ...{ createdAt: now + n, expiresAt: now + 600_000 },
      });
  });
});
afterEach(() => at.close());

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

it('takes a turn with thousands of requests in a moment, fulfilling the oldest: the store waits for it', async () => {
  expect(await timed(() => at.keep())).toBeLessThan(1_000);
  await at.work();
  expect(await timed(() => at.keep())).toBeLessThan(1_000);
  expect(await at.states()).toEqual({ running: 4, pending: 4 });
  const waiting = await listPendingRequests(at.store.read, POOL.name);
  expect(waiting).toHaveLength(REQUESTS - 4);
  expect(waiting[0]?.id).toBe('request-4');
});

it('lets those who send no token ask for no more, but others', async () => {
  const asked = [{ name: POOL.name, count: 1 }];
  await expect(at.services.poolRequests.create('anyone', asked, null)).rejects.toThrow(
    'on-demand requests without a token would wait for more than 1000 VMs: wait until some are filled, or delete some',
  );
  const jdoe = { principal: ADMIN, tokenId: 't1', user: 'jdoe' };
  expect(await at.services.poolRequests.create(jdoe, asked, 'hers')).toMatchObject({ id: 'hers', state: 'pending' });
});
