import type { Api } from '../../cli/client/api.ts';
import { TaskDocument } from '../../cli/client/task.ts';

export const FINAL: readonly string[] = ['SUCCESS', 'FAILURE', 'REVOKED'];

/** How soon a stream that broke is opened again: the API was killed, and is being started. */
const RETRY_MS = 50;

/** Follows a task, also over deaths of the API, until it is as wanted or has ended; resolves with it as it is then. */
export async function follow(
  api: Api,
  id: string,
  wanted: (task: TaskDocument) => boolean = () => false,
): Promise<TaskDocument> {
  for (;;) {
    const stop = new AbortController();
    try {
      for await (const event of api.events(`/tasks/${id}/events`, stop.signal)) {
        if (event.event !== 'task') continue;
        const task = TaskDocument.parse(JSON.parse(event.data));
        if (wanted(task) || FINAL.includes(task.state)) return task;
      }
    } catch (error) {
      // Whatever is not a broken connection would come again for ever.
      if (!(error instanceof TypeError) && (error as { fault?: { kind?: string } }).fault?.kind !== 'unavailable')
        throw error;
    } finally {
      stop.abort();
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Accepts a creation; resolves with its task's id. */
export async function createVm(api: Api, name: string, profile: string, more: object = {}): Promise<string> {
  return ((await api.post('/provisioner/create', { name, profile, ...more })) as { task_id: string }).task_id;
}

/** Accepts a deletion, disks included; resolves with its task's id. */
export async function deleteVm(api: Api, name: string): Promise<string> {
  return ((await api.delete(`/vm/${name}`, { delete_disks: true })) as { task_id: string }).task_id;
}
