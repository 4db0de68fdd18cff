import { expect, it } from 'vitest';
import { findTarget } from '../../../cli/client/target.ts';

const API = 'http://127.0.0.1:7370';
const found = (token: string) => findTarget({ api: API }, { SLIPWAY_TOKEN: token });

it.each(['abc', ' abc', 'abc\n', 'two words', 'ä'])('takes the token %j', (token) => {
  expect(found(token)).toEqual({ api: API, token: token.trim() });
  expect(() => new Headers({ 'x-api-key': found(token).token ?? '' })).not.toThrow();
});

it.each(['secret\nb', 'secret\r\nb', 'secret\0', 'secret\x1b[0m', 'secret‽'])(
  'refuses %j by its name, since no header can carry it, without telling it',
  (token) => {
    expect(() => found(token)).toThrow('SLIPWAY_TOKEN: is no token');
    expect(() => found(token)).not.toThrow('secret');
  },
);

it.each(['', ' '])('takes %j for none', (token) => {
  expect(found(token).token).toBeNull();
});

it.each(['me:hunter2', ':hunter2'])('refuses an address with the password of %s, without telling that', (who) => {
  const named = () => findTarget({ api: `http://${who}@127.0.0.1:7370` });
  expect(named).toThrow('--api: has a name or password in it');
  expect(named).not.toThrow('hunter2');
});
