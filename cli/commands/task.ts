import { Command } from 'commander';
import { z } from 'zod';
import { part } from '../client/part.ts';
import { cut, printable } from '../client/progress-line.ts';
import { table } from '../client/table.ts';
import { TaskDocument, watchToEnd } from '../client/task.ts';
import { apiOf, type ClientOptions, clientCommand, printJson, printLine } from './client.ts';

const COLUMNS = {
  ID: (task: TaskDocument) => task.task_id,
  KIND: (task: TaskDocument) => task.task_name,
  TARGET: (task: TaskDocument) => task.target,
  STATE: (task: TaskDocument) => task.state,
  STEP: (task: TaskDocument) => `${task.current}/${task.total}`,
  STATUS: (task: TaskDocument) => task.status,
};

/** In a list each task has one line: of a traceback, the beginning of its first. */
const STATUS_CHARACTERS = 100;
export const LISTED = {
  ...COLUMNS,
  STATUS: ({ status }: TaskDocument) => {
    const [first = '', ...more] = status.trim().split('\n');
    return cut(more.length > 0 ? `${first} …` : first, STATUS_CHARACTERS);
  },
};

const EXAMPLES = `
Examples:
  slipway task list
  slipway task watch 0b6c7ad1-…        draws the bar; exit status 1 if the task fails
  slipway task log 0b6c7ad1-… | less   what its steps and the install script wrote
  slipway task cancel 0b6c7ad1-…       ends and undoes it`;

/** `slipway task …`. */
export function taskCommand(): Command {
  return new Command('task')
    .description('What is being done, and what was')
    .addHelpText('after', EXAMPLES)
    .addCommand(list())
    .addCommand(show())
    .addCommand(watch())
    .addCommand(cancel())
    .addCommand(log());
}

const Job = z.looseObject({ id: z.string() });
const Jobs = z.record(z.string(), z.array(Job));
const Tasks = z.looseObject({ active: Jobs, reserved: Jobs, finished: z.array(TaskDocument).default([]) });

const list = (): Command =>
  clientCommand('list', 'tasks that have not ended, and the last that have')
    .option('--active', 'only those that have not ended')
    .option('--limit <n>', 'at most so many', '50')
    .action(async (options: ClientOptions & { active?: boolean; limit: string }) => {
      const api = apiOf(options);
      const answer = await api.get('/tasks', { finished: options.active !== true, limit: options.limit });
      if (options.json) return printJson(answer);
      const { active, reserved, finished } = Tasks.parse(answer);
      const jobs = [active, reserved].flatMap((byNode) => Object.values(byNode).flat());
      const running = await Promise.all(
        jobs.map(async ({ id }) => TaskDocument.parse(await api.get(`/tasks/${part(id)}`))),
      );
      printLine(table(LISTED, [...running, ...finished], options.active ? 'No task is active.' : 'No tasks yet.'));
    });

const show = (): Command =>
  clientCommand('show', 'one task, as it is now')
    .argument('<id>')
    .action(async (id: string, options: ClientOptions) => {
      const answer = await apiOf(options).get(`/tasks/${part(id)}`);
      if (options.json) return printJson(answer);
      printLine(table(COLUMNS, [TaskDocument.parse(answer)], ''));
    });

const watch = (): Command =>
  clientCommand('watch', 'draws its progress until it has ended; fails if it fails')
    .argument('<id>')
    .action((id: string, options: ClientOptions) => watchToEnd(apiOf(options), id, options.json === true));

const cancel = (): Command =>
  clientCommand(
    'cancel',
    'asks for a task to be ended and what it did undone; what takes away runs to its end once begun',
  )
    .argument('<id>')
    .action(async (id: string, options: ClientOptions) => {
      const answer = await apiOf(options).delete(`/tasks/${part(id)}`);
      if (options.json) return printJson(answer);
      printLine(`${Message.parse(answer).message} More: slipway task watch ${id}`);
    });

const Message = z.looseObject({ message: z.string() });
const Log = z.looseObject({ lines: z.array(z.looseObject({ step: z.string(), text: z.string() })) });

const log = (): Command =>
  clientCommand('log', 'what its steps and the install script wrote')
    .argument('<id>')
    .action(async (id: string, options: ClientOptions) => {
      const answer = await apiOf(options).get(`/tasks/${part(id)}/log`);
      if (options.json) return printJson(answer);
      for (const line of Log.parse(answer).lines) printLine(`${line.step.padEnd(10)} ${printable(line.text)}`);
    });
