import { afterEach, expect, it, vi } from 'vitest';
import type { Api } from '../../../cli/client/api.ts';
import { table } from '../../../cli/client/table.ts';
import { type TaskDocument, watchTask, watchToEnd } from '../../../cli/client/task.ts';
import { LISTED } from '../../../cli/commands/task.ts';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const silent = { show: () => undefined, note: () => undefined, end: () => undefined };

const TRACEBACK = 'install() failed\n  File "script.py", line 3\nValueError: no suite';
const task = (change: Partial<TaskDocument>): TaskDocument => ({
  ...{ task_id: 't1', task_name: 'provisioner.create', target: 'web1', state: 'RUNNING', current: 2, total: 5 },
  status: 'fill',
  ...change,
});

/** What is written while such a task is watched to its end, and the exit status. */
async function watched(end: Partial<TaskDocument>) {
  const api = {
    events: async function* () {
      for (const one of [task({}), task(end)]) yield { event: 'task', data: JSON.stringify(one) };
    },
  } as unknown as Api;
  const written: string[] = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  await watchToEnd(api, 't1', false);
  vi.restoreAllMocks();
  return { text: written.join(''), status: process.exitCode };
}

it('says once why a task failed', async () => {
  const { text, status } = await watched({ state: 'FAILURE', status: TRACEBACK });
  expect(text.split('ValueError: no suite')).toHaveLength(2);
  expect(text).toMatch(/2\/5.*failed[\s\S]*Failed: install\(\) failed/);
  expect(status).toBe(1);
});

it.each([
  ['cancelled and undone', /^Cancelled and undone\.$/m],
  ['cancelled before it began', /^Cancelled before it began\.$/m],
])('says %s once', async (status, words) => {
  expect((await watched({ state: 'REVOKED', status })).text).toMatch(words);
});

it('lists each task on one line of bearable length', () => {
  const lines = table(LISTED, [task({ status: TRACEBACK }), task({ status: 'x'.repeat(1000) })], '').split('\n');
  expect(lines[1]).toMatch(/ install\(\) failed …$/);
  expect(lines[2]).toMatch(/ x{99}…$/);
});

it('says that the task is kept, and how to see it, when the API is gone for too long', async () => {
  const api = {
    url: 'http://127.0.0.1:1',
    // biome-ignore lint/correctness/useYield: nobody answers.
    events: async function* () {
      throw new TypeError('fetch failed');
    },
  } as unknown as Api;
  vi.useFakeTimers();
  try {
    const watching = watchTask(api, 't1', new AbortController().signal, silent);
    const ended = expect(watching).rejects.toThrow(
      /told nothing of task t1 for 10 s\. The task is kept, and goes on as soon as Slipway runs.* slipway task watch t1$/,
    );
    await vi.advanceTimersByTimeAsync(20_000);
    await ended;
  } finally {
    vi.useRealTimers();
  }
});
