import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectClient, type TemporalClient } from '../../../cli/temporal/connection.ts';

const UNAVAILABLE = '14';

/** Speaks as much gRPC as it takes to be connected to; every other call is answered "try again". */
let server: Http2Server;
let refused: number;
let temporal: TemporalClient;
beforeEach(async () => {
  refused = 0;
  server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const hello = headers[':path']?.endsWith('/GetSystemInfo');
    if (!hello) refused += 1;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': hello ? '0' : UNAVAILABLE }));
    // An empty message.
    stream.end(hello ? Buffer.alloc(5) : undefined);
    if (!hello) server.emit('refused');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  temporal = await connectClient({ address, namespace: 'default' }, { id: 'k', key: Buffer.alloc(32) } as never);
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

it('tries again while it is open, and fails what is left when it is closed', async () => {
  const asked = temporal.client.workflowService.listNamespaces({}).then(
    () => 'answered',
    (error: { details?: string }) => error.details,
  );
  await once(server, 'refused');
  await once(server, 'refused');
  // The answer to the second attempt has arrived, the pause before the third has begun.
  await pause(50);
  await temporal.close();
  expect(await asked).toBe('The connection is closed.');
  expect(refused).toBe(2);
});
