import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { createApp } from '../../../api/http/app.ts';
import { NOBODY } from '../../../api/http/principal.ts';
import { route } from '../../../api/http/route.ts';
import { z } from '../../../api/http/zod.ts';

const server = createServer();
afterEach(() => new Promise((resolve) => server.close(resolve)));

it('tells a handler where its request comes from, whatever the request says', async () => {
  const here = route('get', '/here', { tag: 't', summary: 's', responses: {} }, ({ address }) => ({
    status: 200,
    body: { address },
  }));
  const app = createApp({
    dialects: [
      {
        ...{ name: 'd', title: 'D', description: '', mounts: ['/d'], routes: [here] },
        ...{ failure: ({ status }) => ({ status, body: {} }), failureSchema: z.object({}) },
      },
    ],
    ...{ authenticate: async () => NOBODY, logger: pino({ level: 'silent' }), version: '1' },
  });
  server.on('request', app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/d/here`, {
    headers: { 'X-Forwarded-For': '10.9.9.9', Connection: 'close' },
  });
  expect(await answer.json()).toEqual({ address: '127.0.0.1' });
});
