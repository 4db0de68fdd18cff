import pino from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { waitingLine } from '../../../../api/core/vm-pool/waiting-line.ts';
import { scratch } from '../../../store/scratch.ts';

let at: ReturnType<typeof scratch>;
beforeEach(() => {
  at = scratch();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await at.close();
});

it('is looked after once, however many wait in it, and no more when all have left', async () => {
  const [begun, ended] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')];
  const line = waitingLine({ store: at.open(), log: pino({ enabled: false }) });
  const leaving = new AbortController();
  const wait = () => line.wait([{ name: 'a', count: 1 }], leaving.signal, async () => null);
  const all = [wait(), wait(), wait()];
  await expect
    .poll(() => [1, 2, 3].map((number) => line.isThere({ number, aliveUntil: 0 }, 1)))
    .toEqual([true, true, true]);
  leaving.abort();
  expect(await Promise.all(all)).toEqual([null, null, null]);
  const beats = begun.mock.results.filter((_, index) => begun.mock.calls[index]?.[1] === 250);
  expect(beats).toHaveLength(1);
  await expect.poll(() => ended.mock.calls.map(([timer]) => timer)).toContain(beats[0]?.value);
});
