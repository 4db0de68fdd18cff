import type { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { loadKey, type PayloadKey } from '../temporal/codec.ts';
import { connectClient, connectWorkers, type TemporalConfig } from '../temporal/connection.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import type { Settings } from './settings.ts';

/** A connection to Temporal, as a client and for workers. */
export interface EngineConnection {
  readonly client: Client;
  readonly workers: NativeConnection;
  readonly namespace: string;
  readonly key: PayloadKey;
  stop(): Promise<void>;
}

/** Connects; 'unavailable' with the way out if nobody answers, or if the namespace lacks what tasks are listed by. */
export async function connectEngine(settings: Settings, address: string): Promise<EngineConnection> {
  const { namespace } = settings.config.temporal;
  const config: TemporalConfig = { address, namespace };
  const key = await loadKey(settings.paths.dir);
  const { client, close } = await connectClient(config, key);
  await ensureSearchAttributes(client);
  const workers = await connectWorkers(config);
  return {
    client,
    workers,
    namespace,
    key,
    stop: async () => {
      await workers.close();
      await close();
    },
  };
}
