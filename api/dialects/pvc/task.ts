import { invalid } from '../../../domain/fault.ts';
import { type LogLine, RUN_TO_THEIR_END, TASK_FINAL, type Task } from '../../../domain/task.ts';
import type { TaskEvent, TaskService } from '../../core/task.ts';
import type { ServerEvent } from '../../http/reply.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { flag, integer } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { objectOf, ok, STARTED } from './answer.ts';
import { name } from './name.ts';

const TaskObject = z
  .object({
    state: z.enum(['PENDING', 'RUNNING', 'SUCCESS', 'FAILURE', 'REVOKED']),
    current: z.int().openapi({ description: 'Steps begun.' }),
    total: z.int(),
    status: z.string().openapi({ description: 'What is being done, or how it ended.' }),
    task_id: z.string(),
    task_name: z.string(),
    target: z.string(),
    run_on: z.string(),
    error: z.string().nullable(),
    cancel_requested: z.boolean(),
    created_at: z.string(),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
  })
  .openapi('Task');

const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** PVC's task document: a client draws current/total while it runs, and prints `status` when it has ended. */
export function toTask(task: Task): z.output<typeof TaskObject> {
  const total = Math.max(task.total, 1);
  return {
    state: task.state,
    current: task.state === 'SUCCESS' ? total : Math.min(task.current, total),
    total,
    status: task.state === 'FAILURE' ? (task.error ?? task.status) : task.status,
    task_id: task.id,
    task_name: task.kind,
    target: task.target,
    run_on: task.runOn,
    error: task.error,
    cancel_requested: task.cancelRequested,
    created_at: new Date(task.createdAt).toISOString(),
    started_at: time(task.startedAt),
    finished_at: time(task.finishedAt),
  };
}

const JobObject = z.object({
  id: z.string(),
  name: z.string(),
  args: z.array(z.string()),
  kwargs: z.object({ target: z.string(), run_on: z.string() }),
});
const Jobs = z.record(z.string(), z.array(JobObject)).openapi({ description: 'By the node that runs it.' });
const Tasks = z
  .object({ active: Jobs, reserved: Jobs, scheduled: Jobs, finished: z.array(TaskObject).optional() })
  .openapi('Tasks');

// Later PVC's client needs a key other than run_on in kwargs.
const toJob = (task: Task): z.output<typeof JobObject> => ({
  id: task.id,
  name: task.kind,
  args: [],
  kwargs: { target: task.target, run_on: task.runOn },
});

const byNode = (tasks: readonly Task[]): z.output<typeof Jobs> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(tasks, (task) => task.runOn)).map(([node, own]) => [node, (own ?? []).map(toJob)]),
  );

const LogObject = z
  .object({
    name: z.string(),
    data: z.string(),
    lines: z.array(z.object({ seq: z.int(), at: z.string(), step: z.string(), text: z.string() })),
  })
  .openapi('TaskLog');

const toLine = (seq: number, { at, step, text }: LogLine) => ({ seq, at: new Date(at).toISOString(), step, text });

async function* toEvents(events: AsyncIterable<TaskEvent>): AsyncGenerator<ServerEvent> {
  for await (const event of events) {
    if (event.type === 'task') yield { event: 'task', data: toTask(event.task) };
    else yield { id: `${event.seq}`, event: 'log', data: toLine(event.seq, event.line) };
  }
}

function lastEventId(header: string | undefined): number {
  if (header === undefined || header === '') return 0;
  if (!/^\d{1,15}$/.test(header)) throw invalid('Last-Event-ID', 'is not an id of this stream.');
  return Number(header);
}

/** What asking for a cancellation brings about. */
function cancelled({ id, kind, state }: Task): string {
  if (TASK_FINAL.includes(state)) return `Task ${id} has ended: ${state}.`;
  return RUN_TO_THEIR_END.includes(kind)
    ? `Cancellation of task ${id} is requested; ${kind} runs to its end once begun.`
    : `Cancellation of task ${id} is requested; what it did will be undone, unless it succeeds first.`;
}

const tag = 'tasks';
const LIST_LIMIT = 100;
const Filter = z.object({
  finished: flag('Whether tasks that have ended are listed too (beyond PVC).').optional(),
  limit: integer('At most so many.', 1, 1000).optional(),
});
const Reference = z.object({ task: name('Id of the task.') });

/** Tasks: their progress, log and end, under the manual's path and the later ones. */
export function taskRoutes(tasks: TaskService): readonly Route[] {
  const list = async ({ values, principal }: Context<z.output<typeof Filter>>) => {
    const { finished = false, limit = LIST_LIMIT } = values;
    const all = await tasks.list(principal, { active: !finished, limit });
    const document = {
      active: byNode(all.filter(({ state }) => state === 'RUNNING')),
      reserved: byNode(all.filter(({ state }) => state === 'PENDING')),
      scheduled: {},
    };
    return ok(
      finished
        ? { ...document, finished: all.filter(({ state }) => TASK_FINAL.includes(state)).map(toTask) }
        : document,
    );
  };
  const show = async ({ values, principal }: Context<z.output<typeof Reference>>) =>
    ok(toTask(await tasks.get(principal, values.task)));
  return [
    ...['/tasks', '/provisioner/status'].flatMap((path) => [
      route('get', path, { tag, summary: 'List tasks', values: Filter, responses: objectOf(Tasks) }, list),
      route(
        'get',
        `${path}/:task`,
        { tag, summary: 'Show a task', values: Reference, responses: objectOf(TaskObject) },
        show,
      ),
    ]),
    route(
      'delete',
      '/tasks/:task',
      {
        tag,
        summary: 'Ask for a task to be cancelled, and what it did undone',
        description: `Answers at once; the task tells how it ended. These run to their end once begun: ${RUN_TO_THEIR_END.join(', ')}.`,
        values: Reference,
        responses: STARTED,
      },
      async ({ values, principal }) => {
        const task = await tasks.cancel(principal, values.task);
        return { ...ok({ message: cancelled(task), task_id: task.id }), task: task.id };
      },
    ),
    route(
      'get',
      '/tasks/:task/log',
      { tag, summary: "A task's log", values: Reference, responses: objectOf(LogObject) },
      async ({ values, principal }) => {
        const log = await tasks.log(principal, values.task);
        const data = log.map(({ line }) => line.text).join('\n');
        return ok({ name: values.task, data, lines: log.map(({ seq, line }) => toLine(seq, line)) });
      },
    ),
    route(
      'get',
      '/tasks/:task/events',
      {
        tag,
        summary: 'Progress and log as they come, as server-sent events, until the task has ended',
        description: 'Events `task` hold the task, events `log` a line each.',
        values: Reference,
        headers: { 'Last-Event-ID': 'Log lines up to this id are left out.' },
        responses: { 200: { description: 'A stream of events.', schema: z.string(), type: 'text/event-stream' } },
      },
      async ({ values, principal, header, signal }) => {
        const after = lastEventId(header('last-event-id'));
        // Asked first, so that an unknown task is still a refusal and not a broken stream.
        const { id } = await tasks.get(principal, values.task);
        return { status: 200, task: id, events: toEvents(tasks.events(principal, id, after, signal)) };
      },
    ),
  ];
}
