import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../../cli/instance/ports.ts';
import { type ListenOptions, listen } from '../../../cli/process/http-server.ts';
import type { Running } from '../../../cli/process/running.ts';

const app = express();
app.get('/', (_, response) => void response.json({ message: 'here' }));

let server: Running | undefined;
afterEach(() => server?.stop());

async function serve(more: Partial<ListenOptions> = {}): Promise<number> {
  const endpoint = { host: '127.0.0.1', port: await freePort('127.0.0.1') };
  server = await listen(app, { name: 'API', option: '--listen', endpoint, ...more });
  return endpoint.port;
}

it.each([
  ['headers that are too large', `GET / HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${'k'.repeat(20_000)}\r\n\r\n`, 431, '16384'],
  ['what is no request', 'HELO there\r\n\r\n', 400, 'no HTTP request'],
])('refuses %s in JSON', async (_, sent, status, why) => {
  const socket = connect(await serve(), '127.0.0.1');
  socket.write(sent);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toContain('Content-Type: application/json');
  expect(JSON.parse(body)).toEqual({ message: expect.stringContaining(why) });
});

it('names the setting whose file cannot be read', async () => {
  const ssl = { enabled: true, cert_file: '/nowhere/cert.pem', key_file: '/nowhere/key.pem' };
  await expect(serve({ ssl })).rejects.toThrow(/api\.ssl\.cert_file: there is no file \/nowhere\/cert\.pem/);
});

it('says where it listens, a port of 0 as the one it became', async () => {
  server = await listen(app, { name: 'API', option: '--listen', endpoint: { host: '127.0.0.1', port: 0 } });
  expect(server.at).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  expect(await (await fetch(`http://${server.at}/`)).json()).toEqual({ message: 'here' });
});
