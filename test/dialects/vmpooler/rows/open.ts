import { expect } from 'vitest';
import { DOMAIN, host, OK, type Row } from './row.ts';

/** Without an authentication store. */
export const OPEN_ROWS: readonly Row[] = [
  { ask: 'GET /token', login: 'jdoe:x', status: 404 },
  { ask: 'POST /token', login: 'jdoe:x', status: 404 },
  { ask: 'GET /token/{jdoe}', status: 404 },
  { ask: 'DELETE /token/{jdoe}', login: 'jdoe:x', status: 404 },
  {
    ask: 'POST /vm/debian-7-i386',
    token: 'nope',
    status: 200,
    answer: { ok: true, 'debian-7-i386': { hostname: host }, ...DOMAIN },
  },
  { ask: 'PUT /vm/{mine}', body: '{"lifetime":2,"tags":{"a":"b"}}', status: 200, answer: OK },
  { ask: 'DELETE /vm/{mine}', status: 200, answer: OK },
  {
    ask: 'POST /ondemandvm/debian-7-i386',
    status: 201,
    answer: { ok: true, request_id: expect.any(String), ...DOMAIN },
  },
  { ask: 'POST /config/poolsize', body: '{"debian-7-i386":9}', status: 201, answer: OK },
  { ask: 'POST /poolreset', body: '{"debian-7-i386":1}', status: 201, answer: OK },
  { ask: 'GET /full_config', status: 200, answer: expect.any(Object) },
];
