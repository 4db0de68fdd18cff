import type { Task } from '../../../domain/task.ts';
import type { Reply } from '../../http/reply.ts';
import type { Answer, Context } from '../../http/route.ts';
import { z } from '../../http/zod.ts';

export const Message = z.object({ message: z.string() }).openapi('Message');

/** A template, script or profile changed: the manual's clients read `name`, later ones `message`. */
const Changed = Message.extend({ name: z.string() }).openapi('Changed');

const Started = Message.extend({
  task_id: z.string().optional().openapi({ description: 'The task that does it; absent when it was so already.' }),
}).openapi('Started');

const Accepted = z
  .object({
    task_id: z.string(),
    task_name: z.string(),
    run_on: z.string(),
    snapshot_id: z.string().optional().openapi({ description: 'Of a snapshot that was asked for.' }),
  })
  .openapi('Accepted', { description: 'A task does the work; Location is where to watch it.' });

export const MESSAGE: Readonly<Record<number, Answer>> = { 200: { description: 'Done.', schema: Message } };
export const CHANGED: Readonly<Record<number, Answer>> = { 200: { description: 'Done.', schema: Changed } };
export const STARTED: Readonly<Record<number, Answer>> = { 200: { description: 'Done, or begun.', schema: Started } };
export const ACCEPTED: Readonly<Record<number, Answer>> = { 202: { description: 'Accepted.', schema: Accepted } };

/** What every request says that a task carries out. */
export const KEYED: Readonly<Record<string, string>> = {
  'Idempotency-Key': 'The same key with the same values gives the same task, however often it is sent.',
};

/** The key that a request is one and the same by; null without. */
export const keyOf = ({ header }: Pick<Context<unknown>, 'header'>): string | null => header('idempotency-key') || null;

/** What every change of a template or profile says of its values. */
export const CLEARS = 'A value left out stays as it is; an empty one clears what the object can do without.';

/** The documented answer of a collection, or of an element, which PVC gives as a list of one. */
export const listOf = (schema: z.ZodType): Readonly<Record<number, Answer>> => ({
  200: { description: 'A list; of one for an element, empty for an empty collection.', schema: z.array(schema) },
});

export const objectOf = (schema: z.ZodType): Readonly<Record<number, Answer>> => ({
  200: { description: 'The document.', schema },
});

export const ok = (body: unknown): Reply => ({ status: 200, body });

/** 200 with both generations' words for a change of something named. */
export const changed = (message: string, name: string, more: Readonly<Record<string, unknown>> = {}): Reply =>
  ok({ message, name, ...more });

/** 202 with the fields of every generation, and where the task is to be watched. */
export const accepted = (
  { mount }: Pick<Context<unknown>, 'mount'>,
  task: Task,
  more: Readonly<Record<string, unknown>> = {},
): Reply => ({
  status: 202,
  headers: { Location: `${mount}/tasks/${task.id}` },
  task: task.id,
  body: { task_id: task.id, task_name: task.kind, run_on: task.runOn, ...more },
});

/** 200 for a change that a task is at. */
export const begun = ({ mount }: Pick<Context<unknown>, 'mount'>, task: Task, message: string): Reply => ({
  status: 200,
  headers: { Location: `${mount}/tasks/${task.id}` },
  task: task.id,
  body: { message, task_id: task.id },
});
