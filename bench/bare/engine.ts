import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { bare } from './workflow.ts';

const QUEUE = 'bench';

/** The engine without anything of ours: workflows of activities that do nothing. */
export interface BareEngine {
  /** Resolves when one workflow of so many activities has ended. */
  run(activities: number): Promise<void>;
  /** How many activities a workflow that has ended has called, local ones too. */
  activitiesOf(workflowId: string): Promise<number>;
  stop(): Promise<void>;
}

export async function bareEngine(address: string): Promise<BareEngine> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue: QUEUE,
    workflowsPath: join(import.meta.dirname, 'workflow.ts'),
    activities: { nothing: async () => undefined },
  });
  const ended = worker.run();
  const client = new Client({ connection: await Connection.connect({ address }) });
  return {
    run: (activities) =>
      client.workflow.execute<typeof bare>('bare', { taskQueue: QUEUE, workflowId: randomUUID(), args: [activities] }),
    activitiesOf: async (workflowId) => {
      const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
      const calls = (events ?? []).filter(
        (event) =>
          event.activityTaskScheduledEventAttributes ||
          event.markerRecordedEventAttributes?.markerName === 'core_local_activity',
      );
      return calls.length;
    },
    stop: async () => {
      worker.shutdown();
      await ended;
      await client.connection.close();
      await connection.close();
    },
  };
}
