import { expect, it, vi } from 'vitest';
import { TookTooLong, withinTime } from '../../../templates/cloud-init/within-time.ts';

const forEver = (): never => {
  for (;;);
};

it('gives what the work gives, and throws what it throws', () => {
  expect(withinTime(1_000, () => 7)).toBe(7);
  const error = new RangeError('mine');
  expect(() =>
    withinTime(1_000, () => {
      throw error;
    }),
  ).toThrow(error);
});

it('ends work that goes on, also within a regular expression, and does the next', () => {
  expect(() => withinTime(50, forEver)).toThrow(TookTooLong);
  expect(() => withinTime(50, () => /(a+)+$/.test(`${'a'.repeat(40)}b`))).toThrow(TookTooLong);
  expect(withinTime(1_000, () => 'next')).toBe('next');
});

it('does work again that was kept from the processor, which is no fault of its own', () => {
  const usage = vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 1_000, system: 0 });
  let times = 0;
  try {
    expect(
      withinTime(20, () => {
        times += 1;
        return times > 2 ? 'done' : forEver();
      }),
    ).toBe('done');
    expect(() => withinTime(20, forEver)).toThrow(TookTooLong);
  } finally {
    usage.mockRestore();
  }
});
