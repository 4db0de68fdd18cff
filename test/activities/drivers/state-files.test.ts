import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stateFiles } from '../../../activities/drivers/state-files.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-state-'));
});
afterEach(() => rm(dir, { recursive: true }));

it('drops a thing with what a killed process had begun to write of it, and nothing else', async () => {
  const things = stateFiles<number>(dir);
  await things.put('a', 1);
  await things.put('ab', 2);
  await writeFile(join(dir, 'a.json.new'), '{"ha');
  await things.drop('a');
  await things.drop('never there');
  expect(await readdir(dir)).toEqual(['ab.json']);
  expect(await things.find('ab')).toBe(2);
});

it('leaves nothing of a killed write behind once the thing is written again', async () => {
  const things = stateFiles<number>(dir);
  await writeFile(join(dir, 'a.json.new'), '{"half of something longer than what follows');
  await things.put('a', 1);
  expect(await readdir(dir)).toEqual(['a.json']);
  expect(await things.find('a')).toBe(1);
});

it('writes one thing at a time, also where several are at it: the last stays', async () => {
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  await Promise.all(numbers.map((number) => stateFiles<number>(dir).put('a', number)));
  expect(await stateFiles<number>(dir).find('a')).toBe(49);
  expect(await readdir(dir)).toEqual(['a.json']);
});
