import { expect, it } from 'vitest';
import { loginLimit } from '../../../api/core/login-limit.ts';

const MINUTE = 60_000;

function clocked() {
  let now = 1_000_000;
  const limit = loginLimit(() => now);
  return {
    pass: (ms: number) => {
      now += ms;
    },
    begin: limit.begin,
    fail: (times: number, user: (i: number) => string, address: (i: number) => string) => {
      for (let i = 0; i < times; i += 1) limit.begin(user(i), address(i));
    },
  };
}
const refused = (why: RegExp) =>
  expect.objectContaining({ fault: { kind: 'unauthorized', why: expect.stringMatching(why) } });
const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
};

it('refuses a name after ten failures within a minute, wherever they come from', () => {
  const { fail, begin, pass } = clocked();
  fail(
    10,
    () => 'jdoe',
    (i) => `10.0.0.${i}`,
  );
  expect(thrownBy(() => begin('jdoe', '10.0.1.1'))).toEqual(refused(/of this user: try again in 60 s/));
  expect(thrownBy(() => begin('other', '10.0.0.1'))).toBeUndefined();
  pass(MINUTE - 1);
  expect(thrownBy(() => begin('jdoe', '10.0.1.1'))).toEqual(refused(/in 1 s/));
  pass(1);
  expect(thrownBy(() => begin('jdoe', '10.0.1.1'))).toBeUndefined();
});

it('does not count what it refused: nobody is locked out by trying on', () => {
  const { fail, begin, pass } = clocked();
  fail(
    10,
    () => 'jdoe',
    () => '10.0.0.1',
  );
  for (let second = 0; second < 59; second += 1) {
    pass(1000);
    expect(thrownBy(() => begin('jdoe', '10.0.0.1'))).toEqual(refused(/user/));
  }
  pass(1000);
  expect(thrownBy(() => begin('jdoe', '10.0.0.1'))).toBeUndefined();
});

it.each([
  ['an IPv4 address', () => '10.0.0.1', '10.0.0.1', true],
  ['the same, mapped', () => '::ffff:10.0.0.1', '10.0.0.1', true],
  ['one IPv6 network', (i: number) => `2001:db8:1:2::${i + 1}`, '2001:db8:1:2:ffff::9', true],
  ['another IPv6 network', (i: number) => `2001:db8:1:2::${i + 1}`, '2001:db8:1:3::1', false],
  ['another address', () => '10.0.0.1', '10.0.0.2', false],
])('counts sixty failures from %s', (_, address, asked, isRefused) => {
  const { fail, begin } = clocked();
  fail(60, (i) => `user${i}`, address);
  expect(thrownBy(() => begin('jdoe', asked))).toEqual(isRefused ? refused(/from this address/) : undefined);
});

it('does not count those that succeed, but counts those that are still being decided', () => {
  const { begin } = clocked();
  for (let i = 0; i < 100; i += 1) begin('jdoe', '10.0.0.1').forget();
  const pending = Array.from({ length: 10 }, () => begin('jdoe', '10.0.0.1'));
  expect(thrownBy(() => begin('jdoe', '10.0.0.1'))).toEqual(refused(/user/));
  pending[0]?.forget();
  expect(thrownBy(() => begin('jdoe', '10.0.0.1'))).toBeUndefined();
});

it('remembers no more than it has room for', () => {
  const { fail, begin } = clocked();
  fail(
    10,
    () => 'jdoe',
    (i) => `10.0.0.${i}`,
  );
  fail(
    9_000,
    (i) => `user${i}`,
    (i) => `10.1.${i >> 8}.${i & 255}`,
  );
  // Eighteen thousand keys later the first ones are forgotten: the price of a bound.
  expect(thrownBy(() => begin('jdoe', '10.0.0.1'))).toBeUndefined();
});
