import type { JobsClient } from '../../api/jobs.ts';
import { unavailable } from '../../domain/fault.ts';
import type { PayloadKey } from '../temporal/codec.ts';
import { loadKey } from '../temporal/codec.ts';
import { clientOver, connectClient, connectWorkers, type TemporalConfig } from '../temporal/connection.ts';
import { ensureSearchAttributes, missingSearchAttributes } from '../temporal/search-attributes.ts';
import { installRuntime, type WorkerDeps } from '../temporal/worker.ts';
import type { Settings } from './settings.ts';

/** A connection to Temporal, as a client and for workers. */
export interface EngineConnection extends StartEngine {
  /** What workers are made with; one connection for all of them. */
  forWorkers(): Promise<Pick<WorkerDeps, 'connection' | 'namespace' | 'key'>>;
  /** This engine for whoever starts tasks in the process of the control worker, over the connection that the worker has. */
  nearby(): Promise<StartEngine>;
  /** Gives it what tasks need of it. Again and again, since a server can come back without its database. */
  prepare(): Promise<void>;
  /** Rejects when the engine does not answer, or lacks what tasks need of it. */
  check(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** What tasks are started by. */
export interface StartEngine extends JobsClient {
  readonly key: PayloadKey;
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
  const prepare = () => ensureSearchAttributes(client);
  await prepare();
  // The SDK's native part ends with this connection; made without need, it would keep the process alive.
  const nativeConnection = (to: TemporalConfig) => {
    installRuntime(settings.log, metrics);
    return connectWorkers(to);
  };
  let workers: ReturnType<typeof connectWorkers> | undefined;
  const shared = (): ReturnType<typeof connectWorkers> => {
    workers ??= nativeConnection(config);
    return workers;
  };
  return {
    ...{ client, near: false, key },
    forWorkers: async () => ({ connection: await shared(), namespace, key }),
    nearby: async () => ({ client: clientOver(await shared(), namespace, key), near: true, key }),
    prepare,
    check: async (signal) => {
      const missing = await client.connection.withAbortSignal(signal, () => missingSearchAttributes(client));
      if (missing.length > 0) throw unavailable(`Temporal lacks search attributes: ${missing.join(', ')}.`);
    },
    stop: async () => {
      await (await workers)?.close();
      await close();
    },
  };
}
