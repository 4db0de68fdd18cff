import { type Client, NamespaceNotFoundError } from '@temporalio/client';
import { expect, it } from 'vitest';
import { temporalJobs } from '../../api/jobs.ts';
import type { TaskId } from '../../domain/ids.ts';

const task = { id: 'some' as TaskId, kind: 'vm.start', target: 'web1', input: {} } as const;

/** What the engine's client throws: its own error, around gRPC's. */
const answering = (code: number, details: string) => {
  const cause = Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} });
  const start = async () => {
    throw new Error('Failed to start Workflow', { cause });
  };
  return temporalJobs({ client: { workflow: { start } } as never as Client, near: false });
};

it.each([true, false])('asks for a start at once only where a worker shares its connection: %s', async (near) => {
  const asked: unknown[] = [];
  const start = async (_: string, options: object) => void asked.push(options);
  await temporalJobs({ client: { workflow: { start } } as never as Client, near }).start(task);
  expect(asked).toMatchObject([{ workflowId: 'task:some', requestEagerStart: near }]);
});

it.each([
  [14, 'No connection established', 'Temporal does not answer; the task is started when it does.'],
  [1, 'Cancelled on client', 'Temporal does not answer; the task is started when it does.'],
  [4, 'Deadline exceeded', 'Temporal does not answer; the task is started when it does.'],
  [3, 'no such attribute', 'Temporal refuses it (no such attribute); the task is started when it does not.'],
])('says why a task is not started yet: gRPC %s', async (code, details, message) => {
  await expect(answering(code, details).start(task)).rejects.toMatchObject({ fault: { kind: 'unavailable' }, message });
});

it('says that its namespace is not there', async () => {
  const start = async () => {
    throw new NamespaceNotFoundError('tasks');
  };
  const jobs = temporalJobs({ client: { workflow: { start } } as never as Client, near: false });
  await expect(jobs.start(task)).rejects.toThrow(/^Temporal refuses it \(.*tasks.*\)/);
});
