import type { Client } from '@temporalio/client';
import type { PayloadKey } from '../temporal/codec.ts';
import { loadKey } from '../temporal/codec.ts';
import { connectClient, connectWorkers, type TemporalConfig } from '../temporal/connection.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { installRuntime, type WorkerDeps } from '../temporal/worker.ts';
import type { Settings } from './settings.ts';

/** A connection to Temporal, as a client and for workers. */
export interface EngineConnection {
  readonly client: Client;
  readonly key: PayloadKey;
  /** What workers are made with; one connection for all of them. */
  forWorkers(): Promise<Pick<WorkerDeps, 'connection' | 'namespace' | 'key'>>;
  /** Rejects when the engine does not answer. */
  check(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Connects; 'unavailable' with the way out if nobody answers, or if the namespace lacks what tasks are listed by. `metrics` is HOST:PORT for the SDK's own Prometheus endpoint. */
export async function connectEngine(
  settings: Settings,
  address: string,
  metrics: string | null = null,
): Promise<EngineConnection> {
  // A server of our own has one.
  const namespace = settings.temporal === null ? 'default' : settings.config.temporal.namespace;
  const config: TemporalConfig = { address, namespace };
  const key = await loadKey(settings.paths.dir);
  const { client, close } = await connectClient(config, key);
  await ensureSearchAttributes(client);
  // The SDK's native part ends with this connection; made without need, it would keep the process alive.
  const nativeConnection = (to: TemporalConfig) => {
    installRuntime(settings.log, metrics);
    return connectWorkers(to);
  };
  let workers: ReturnType<typeof connectWorkers> | undefined;
  return {
    client,
    key,
    forWorkers: async () => {
      workers ??= nativeConnection(config);
      return { connection: await workers, namespace, key };
    },
    check: async (signal) => {
      await client.connection.withAbortSignal(signal, () => client.workflowService.getSystemInfo({}));
    },
    stop: async () => {
      await (await workers)?.close();
      await close();
    },
  };
}
