import type { AddressInfo } from 'node:net';
import express from 'express';

/* node bench/bare/express.ts BYTES: an app that does nothing but send a JSON text of this size, whatever is asked. */

const text = JSON.stringify({ text: 'x'.repeat(Math.max(0, Number(process.argv[2]) - '{"text":""}'.length)) });
const app = express();
app.all('/{*path}', (_request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end(text);
});
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`);
});
