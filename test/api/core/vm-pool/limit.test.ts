import { afterEach, beforeEach, expect, it } from 'vitest';
import { ADMIN } from '../cluster.ts';
import { type Pooled, pooled } from './pooled.ts';

let at: Pooled;
beforeEach(async () => {
  at = await pooled();
});
afterEach(() => at.close());

it('begins no more clones at once than all pools may, and shares them out evenly', async () => {
  await at.services.pools.changeSettings(ADMIN, { taskLimit: 4 });
  await at.pool({ size: 20 });
  await at.pool({ name: 'other', size: 20 });
  const turn = await at.keep();
  expect(await at.states()).toEqual({ pending: 2 });
  expect(turn?.wake).toEqual(['other']);
  await at.keep('other');
  expect(await at.states('other')).toEqual({ pending: 2 });
  await at.keep();
  expect(await at.states()).toEqual({ pending: 2 });
});

it("keeps to a pool's own limit of clones", async () => {
  await at.pool({ maxClones: 1 });
  for (let turn = 0; turn < 3; turn += 1) {
    await at.keep();
    expect(await at.states()).toEqual({ pending: 1 });
  }
});

it('gives a place to a pool that waits for one as soon as another pool, which is full, needs it no more', async () => {
  await at.services.pools.changeSettings(ADMIN, { taskLimit: 1 });
  await at.pool({ size: 1 });
  await at.pool({ name: 'other', size: 1 });
  await at.keep();
  expect((await at.keep('other'))?.wake).toEqual([]);
  expect(await at.states('other')).toEqual({});
  await at.work();
  expect((await at.keep())?.wake).toEqual(['other']);
  await at.keep('other');
  expect(await at.states('other')).toEqual({ pending: 1 });
  expect((await at.keep())?.wake).toEqual([]);
});
