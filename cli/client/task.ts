import { z } from 'zod';
import { unavailable } from '../../domain/fault.ts';
import type { Api } from './api.ts';
import { part } from './part.ts';
import { drawProgress, type Progress, printable } from './progress-line.ts';

/** A task as the API's status document gives it. */
export const TaskDocument = z.looseObject({
  task_id: z.string(),
  task_name: z.string().default(''),
  target: z.string().default(''),
  state: z.string(),
  current: z.coerce.number(),
  total: z.coerce.number(),
  status: z.string(),
});
export type TaskDocument = z.infer<typeof TaskDocument>;

const LogEvent = z.looseObject({ text: z.string() });

const FINAL = ['SUCCESS', 'FAILURE', 'REVOKED'];

/** How often in a row the stream may break without a word before the watch gives up; the API is restarted in less. */
const BREAKS = 10;
const BREAK_MS = 1_000;

/**
 * Shows the task's progress until it has ended, on standard error unless told; goes on where it was when the API is restarted.
 * Resolves with the task as it ended, whatever its end was.
 */
export async function watchTask(
  api: Api,
  id: string,
  signal: AbortSignal,
  progress: Progress = drawProgress(process.stderr),
): Promise<TaskDocument> {
  let last: string | undefined;
  let breaks = 0;
  try {
    for (;;) {
      try {
        for await (const event of api.events(`/tasks/${part(id)}/events`, signal, last)) {
          breaks = 0;
          last = event.id ?? last;
          if (event.event === 'log') progress.note(LogEvent.parse(JSON.parse(event.data)).text);
          if (event.event !== 'task') continue;
          const task = TaskDocument.parse(JSON.parse(event.data));
          // Whoever watches says why it failed.
          progress.show(task.state === 'FAILURE' ? { ...task, status: 'failed' } : task);
          if (FINAL.includes(task.state)) return task;
        }
      } catch (error) {
        if (signal.aborted || !isBroken(error)) throw error;
      }
      breaks += 1;
      if (breaks > BREAKS) {
        const again = `The task is kept, and goes on as soon as Slipway runs; see it again: slipway task watch ${id}`;
        throw unavailable(`${api.url} has told nothing of task ${id} for ${(BREAKS * BREAK_MS) / 1_000} s. ${again}`);
      }
      await new Promise((resolve) => setTimeout(resolve, BREAK_MS));
    }
  } finally {
    progress.end();
  }
}

/** Whether the connection was lost or the API is not there, unlike an answer that says no. */
const isBroken = (error: unknown): boolean =>
  error instanceof TypeError || (error as { fault?: { kind?: string } }).fault?.kind === 'unavailable';

/** Watches to the end and says it; the exit status is 1 unless the task succeeded. */
export async function watchToEnd(api: Api, id: string, json: boolean): Promise<void> {
  const stop = new AbortController();
  const interrupted = (): void => {
    process.stderr.write(
      `\nThe task goes on. See it again: slipway task watch ${id}; undo it: slipway task cancel ${id}\n`,
    );
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  const task = await watchTask(api, id, stop.signal);
  process.off('SIGINT', interrupted);
  if (json) process.stdout.write(`${JSON.stringify(task, null, 2)}\n`);
  else process.stdout.write(`${endOf(task)}\n`);
  if (task.state !== 'SUCCESS') process.exitCode = 1;
}

function endOf(task: TaskDocument): string {
  const words = printable(task.status);
  if (task.state === 'SUCCESS') return `Done: ${words}`;
  // Its status is the sentence.
  if (task.state === 'REVOKED') return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
  return `Failed: ${words}\n  Everything it said: slipway task log ${task.task_id}`;
}
