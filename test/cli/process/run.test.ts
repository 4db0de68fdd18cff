import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runProcess } from '../../../cli/process/run.ts';
import { type Running, stack } from '../../../cli/process/running.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-run-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const part = (name: string, at?: string): Running => ({
  ...{ name, ended: Promise.resolve(), stop: async () => undefined },
  ...(at === undefined ? {} : { at }),
});
const started = (): Record<string, unknown> =>
  readFileSync(join(dir, 'slipway.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"msg":"started"'))
    .map((line) => JSON.parse(line))
    .at(-1);

it.each([
  [
    [part('API', '127.0.0.1:1'), part('control worker'), part('vmpooler', '[::1]:2')],
    { parts: ['API', 'control worker', 'vmpooler'], listening: { API: '127.0.0.1:1', vmpooler: '[::1]:2' } },
  ],
  [[part('control worker')], { parts: ['control worker'], listening: undefined }],
])('says when it has started which of its parts listen where', async (parts, expected) => {
  const run = runProcess({ role: 'api', logToFile: true }, { data: dir }, async () => parts);
  // Its parts end by themselves, which is a failure.
  await expect(run).rejects.toThrow(/ended$/);
  const { parts: names, listening } = started();
  expect({ parts: names, listening }).toEqual(expected);
});

it('ends groups at once, each in the opposite order, whatever fails', async () => {
  const ended: string[] = [];
  const failures: unknown[] = [];
  const things = stack((error) => failures.push(error));
  const thing = (name: string, until?: Promise<unknown>) => ({
    stop: async () => {
      await until;
      ended.push(name);
      if (name === 'a2') throw new Error(name);
    },
  });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  things.push(thing('first'));
  things.together([
    [thing('a1'), thing('a2')],
    [thing('b1'), thing('b2', held)],
  ]);
  things.push(thing('last'));
  const stopped = things.stop();
  await vi.waitFor(() => expect(ended).toEqual(['last', 'a2', 'a1']));
  release();
  await stopped;
  expect(ended).toEqual(['last', 'a2', 'a1', 'b2', 'b1', 'first']);
  expect(failures).toEqual([new Error('a2')]);
});
