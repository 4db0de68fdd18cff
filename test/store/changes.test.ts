import { appendFileSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchChanges } from '../../store/changes.ts';
import type { Store } from '../../store/open.ts';
import { insertStoragePool, listStoragePools } from '../../store/storage-pool.ts';
import { scratch } from './scratch.ts';

let s: ReturnType<typeof scratch>;
let store: Store;
beforeEach(() => {
  s = scratch();
  store = s.open();
});
afterEach(() => s.close());

const write = (name: string) => store.write((tx) => insertStoragePool(tx, { name, driver: 'sim', config: {} }));

it('wakes all who wait for a commit of this process', async () => {
  const seen = store.changes.seen();
  const signal = AbortSignal.timeout(5_000);
  const waiting = [store.changes.after(seen, signal), store.changes.after(seen, signal)];
  await write('a');
  await Promise.all(waiting);
  expect(signal.aborted).toBe(false);
  expect(store.changes.seen()).toBeGreaterThan(seen);
});

it('loses no commit between the look and the wait', async () => {
  const seen = store.changes.seen();
  await write('a');
  const signal = AbortSignal.timeout(5_000);
  await store.changes.after(seen, signal);
  expect(signal.aborted).toBe(false);
});

it('shows a waiter every commit in the end, however fast they come', async () => {
  const signal = AbortSignal.timeout(10_000);
  const watching = (async () => {
    for (;;) {
      const seen = store.changes.seen();
      const known = (await listStoragePools(store.read)).length;
      if (known === 50 || signal.aborted) return known;
      await store.changes.after(seen, signal);
    }
  })();
  for (let n = 0; n < 50; n += 1) await write(`p${n}`);
  expect(await watching).toBe(50);
});

it('wakes nobody for a write to the log that is no commit', async () => {
  const log = `${s.file}-other`;
  writeFileSync(log, '');
  let version = 1;
  let looked = (): void => undefined;
  const changes = watchChanges(log, () => {
    looked();
    return version;
  });
  try {
    const look = () =>
      new Promise<void>((resolve) => {
        looked = resolve;
        appendFileSync(log, '.');
      });
    const waiting = changes.after(changes.seen(), new AbortController().signal);
    await look();
    expect(await Promise.race([waiting.then(() => 'woken'), setImmediate('asleep')])).toBe('asleep');
    expect(changes.seen()).toBe(0);
    version = 2;
    await look();
    await waiting;
    expect(changes.seen()).toBe(1);
  } finally {
    changes.close();
  }
});

it('lets go when aborted, at once if that is past', async () => {
  const controller = new AbortController();
  const waiting = store.changes.after(store.changes.seen(), controller.signal);
  controller.abort();
  await waiting;
  await store.changes.after(store.changes.seen(), controller.signal);
});

it('lets go when the store closes', async () => {
  const waiting = store.changes.after(store.changes.seen(), new AbortController().signal);
  await store.close();
  await waiting;
  await store.changes.after(store.changes.seen(), new AbortController().signal);
});
