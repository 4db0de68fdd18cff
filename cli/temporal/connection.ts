import { extname, join } from 'node:path';
import { Client, Connection, type ConnectionLike } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection } from '@temporalio/worker';
import { unavailable } from '../../domain/fault.ts';
import { encryption, type PayloadKey } from './codec.ts';
import { retriesWhile } from './retry.ts';

/** Where Temporal is and how to speak to it. */
export interface TemporalConfig {
  readonly address: string;
  readonly namespace: string;
}

export interface TemporalClient {
  readonly client: Client;
  readonly close: () => Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

export const failureConverterPath = join(import.meta.dirname, `failure-converter${extname(import.meta.filename)}`);

/** How payloads and failures are written: encrypted with the installation's key. */
export const dataConverter = (key: PayloadKey): DataConverter => ({
  payloadCodecs: [encryption(key)],
  failureConverterPath,
});

/** A client for starting and cancelling workflows; loads no native code. 'unavailable' with the way out if nobody answers. */
export async function connectClient(config: TemporalConfig, key: PayloadKey): Promise<TemporalClient> {
  let open = true;
  const connection = await Connection.connect({
    ...options(config),
    connectTimeout: CONNECT_TIMEOUT_MS,
    interceptors: retriesWhile(() => open),
  }).catch((error: unknown) => {
    throw unreachable(config, error);
  });
  const client = clientOver(connection, config.namespace, key);
  const close = (): Promise<void> => {
    open = false;
    return connection.close();
  };
  return { client, close };
}

/** A client over a connection that is there: workers may have it, too. */
export const clientOver = (connection: ConnectionLike, namespace: string, key: PayloadKey): Client =>
  new Client({ connection, namespace, dataConverter: dataConverter(key) });

/** A connection for workers. */
export async function connectWorkers(config: TemporalConfig): Promise<NativeConnection> {
  return NativeConnection.connect(options(config)).catch((error: unknown) => {
    throw unreachable(config, error);
  });
}

/** Uncompressed: that costs time, and the engine is near. */
const options = ({ address }: TemporalConfig) => ({ address, grpcCompression: { codec: 'none' as const } });

const unreachable = ({ address }: TemporalConfig, cause: unknown) =>
  unavailable(
    `Temporal does not answer at ${address}. Check that it runs and that the address is right (TEMPORAL_ADDRESS, --temporal); 'slipway up' that is given none starts one of its own.`,
    cause,
  );
