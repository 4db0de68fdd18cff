import { expect } from 'vitest';
import { OK, type Row, time, token } from './row.ts';

export const TOKEN_ROWS: readonly Row[] = [
  {
    ask: 'GET /token',
    login: 'jdoe:x',
    status: 200,
    answer: { ok: true, '{jdoe}': { created: time, last: expect.any(String) } },
  },
  { ask: 'GET /token', login: 'newcomer:x', status: 404, reason: 'token' },
  { ask: 'GET /token', login: 'jdoe:jdoe', status: 401, reason: 'do not belong together' },
  { ask: 'GET /token', status: 401 },
  { ask: 'GET /token/', login: 'jdoe:x', status: 200, answer: expect.objectContaining(OK) },
  { ask: 'POST /token', login: 'newcomer:x', status: 200, answer: { ok: true, token } },
  { ask: 'POST /token/', login: 'jdoe:x', status: 404 },
  { ask: 'POST /token', status: 401 },
  {
    ask: 'GET /token/{jdoe}',
    status: 200,
    answer: { ok: true, '{jdoe}': { user: 'jdoe', created: time, last: time, vms: { running: ['{mine}'] } } },
  },
  { ask: 'GET /token/{unused}', status: 200, answer: { ok: true, '{unused}': { user: 'unused', created: time } } },
  { ask: 'GET /token/nope', status: 404 },
  { ask: 'DELETE /token/{jdoe}', login: 'jdoe:x', status: 200, answer: OK },
  { ask: 'DELETE /token/nope', login: 'jdoe:x', status: 401 },
  { ask: 'DELETE /token/{jdoe}', status: 401 },
];
