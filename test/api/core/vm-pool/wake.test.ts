import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { seldom } from '../../../../api/core/vm-pool/wake.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

it('passes on at once, and once a second and pool', () => {
  const woken: string[] = [];
  const wake = seldom((pool) => void woken.push(pool));
  for (const pool of ['a', 'b', 'a', 'a']) wake(pool);
  vi.advanceTimersByTime(999);
  wake('a');
  expect(woken).toEqual(['a', 'b']);
  vi.advanceTimersByTime(1);
  for (const pool of ['a', 'a', 'b']) wake(pool);
  expect(woken).toEqual(['a', 'b', 'a', 'b']);
});
