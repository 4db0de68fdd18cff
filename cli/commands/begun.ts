import { z } from 'zod';
import type { Api } from '../client/api.ts';
import { watchToEnd } from '../client/task.ts';
import { type ClientOptions, printJson, printLine } from './client.ts';

/** A change answers with the task that does it; without one it was so already. */
const Begun = z.looseObject({ task_id: z.string().nullish(), message: z.string().optional() });

/** Says which task does it, or sees it through. */
export async function begun(
  api: Api,
  answer: unknown,
  options: ClientOptions & { readonly watch?: boolean },
): Promise<void> {
  const { task_id, message } = Begun.parse(answer);
  if (task_id && options.watch) return watchToEnd(api, task_id, options.json === true);
  if (options.json) return printJson(answer);
  printLine(
    task_id ? `Task ${task_id}\n  See it through: slipway task watch ${task_id}` : (message ?? 'It is so already.'),
  );
}
