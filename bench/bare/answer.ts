import express from 'express';

/** Express alone, answering every request with a body as large as a checkout's; prints its port. */
const app = express();
const body = JSON.stringify({ ok: true, bench: { hostname: 'abcdefghijklmno' }, domain: 'example.org' }, null, 2);
app.all('/{*path}', (_request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end(body);
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`);
});
