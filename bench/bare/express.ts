import type { AddressInfo } from 'node:net';
import express from 'express';

/* node bench/bare/express.ts BYTES: an app that does nothing but send a text of this size. */

const text = 'x'.repeat(Number(process.argv[2]));
const app = express();
app.get('/', (_request, response) => {
  response.type('application/json').send(text);
});
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/\n`);
});
