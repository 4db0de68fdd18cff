import { expect } from 'vitest';
import { DOMAIN, failing, OK, type Row, rfc3339, says } from './row.ts';

const vm = (pool: string, lifetime: number, more: object = {}) => ({
  ...{
    template: pool,
    lifetime,
    running: expect.closeTo(3.1, 1),
    state: 'running',
    remaining: expect.closeTo(lifetime - 3.1, 1),
  },
  ...{ start_time: rfc3339, end_time: rfc3339, ip: '', host: 'hv1', ...DOMAIN, ...more },
});
/** What the fixture's own VM has been given. */
const SHOWN = {
  ...{ disk: ['+8gb'], snapshots: ['{snapshot}'], snapshots_pending: ['pending'] },
  ...{ snapshots_removing: ['going'], snapshots_failed: { failed: 'No room.' } },
  snapshot_names: { '{snapshot}': 'before', going: 'old' },
};
export const VM_ROWS: readonly Row[] = [
  { ask: 'GET /vm/{free}', status: 200, answer: { ok: true, '{free}': vm('debian-7-x86_64', 12) } },
  { ask: 'GET /vm/{mine}', status: 200, answer: { ok: true, '{mine}': vm('debian-7-i386', 24, SHOWN) } },
  {
    ask: 'GET /vm/{mine}.any.where',
    status: 200,
    answer: { ok: true, '{mine}.any.where': vm('debian-7-i386', 24, SHOWN) },
  },
  {
    ask: 'GET /vm/{mine}',
    v2: true,
    status: 200,
    answer: {
      ok: true,
      '{mine}': { ...vm('debian-7-i386', 24, { ...SHOWN, domain: undefined }), fqdn: '{mine}.company.com' },
    },
  },
  {
    ask: 'GET /vm/{ready}',
    status: 200,
    answer: {
      ok: true,
      '{ready}': { template: 'centos-6-x86_64', lifetime: 12, state: 'ready', ip: '', host: 'hv1', ...DOMAIN },
    },
  },
  { ask: 'GET /vm/nope', status: 404, reason: "No VM 'nope'" },
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{"lifetime":"2"}', status: 200, answer: OK },
  {
    ask: 'PUT /vm/{mine}.company.com',
    token: 'jdoe',
    body: '{"lifetime":2.7,"tags":{"user":"jdoe"}}',
    status: 200,
    answer: OK,
  },
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{"tags":{"n":1,"none":null,"empty":""}}', status: 200, answer: OK },
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{}', status: 200, answer: OK },
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '[]', status: 200, answer: OK },
  { ask: 'PUT /vm/{mine}', token: 'boss', body: '{"lifetime":2}', status: 200, answer: OK },
  { ask: 'PUT /vm/{free}', token: 'jdoe', body: '{"lifetime":2}', status: 200, answer: OK },
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{"lifetime":20000}', status: 200, answer: OK },
  ...['"0"', '0', '"x"', '-3', 'null', '[1]', 'true', '0.5'].map(
    (value): Row => ({
      ...{ ask: 'PUT /vm/{mine}', token: 'jdoe', body: `{"lifetime":${value}}`, status: 400 },
      answer: failing(`You provided a lifetime (${value.replaceAll('"', '')}) but you must provide a positive number.`),
    }),
  ),
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{"tags":"x"}', status: 400, answer: failing('tags') },
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{"tags":{"a":{"b":"c"}}}', status: 400, answer: failing('tag (a)') },
  {
    ask: 'PUT /vm/{mine}',
    token: 'jdoe',
    body: '{"what":"ever"}',
    status: 400,
    answer: failing('Unknown argument ever.'),
  },
  {
    ask: 'PUT /vm/{mine}',
    token: 'jdoe',
    body: '{"lifetime":0,"tags":{"a":"b"},"what":7}',
    status: 400,
    answer: failing('Unknown argument 7.', 'lifetime (0)'),
  },
  ...['{', '', 'null', '"x"', '3'].map(
    (body): Row => ({ ask: 'PUT /vm/{mine}', token: 'jdoe', body, status: 400, reason: 'body' }),
  ),
  { ask: 'PUT /vm/nope', body: '{', status: 404 },
  { ask: 'PUT /vm/{mine}', body: '{"tags":{"a":"b"}}', status: 401 },
  { ask: 'PUT /vm/{free}', body: '{"lifetime":2}', status: 401 },
  { ask: 'PUT /vm/{mine}', token: 'nope', body: '{"lifetime":2}', status: 401 },
  { ask: 'PUT /vm/{mine}', token: 'asmith', body: '{"lifetime":2}', status: 403, answer: says('somebody else') },
  { ask: 'DELETE /vm/{free}', status: 200, answer: OK },
  { ask: 'DELETE /vm/{free}', token: 'nope', status: 200, answer: OK },
  { ask: 'DELETE /vm/{mine}.company.com', token: 'jdoe', status: 200, answer: OK },
  { ask: 'DELETE /vm/{mine}', token: 'boss', status: 200, answer: OK },
  { ask: 'DELETE /vm/{mine}', status: 401 },
  { ask: 'DELETE /vm/{mine}', token: 'nope', status: 401 },
  { ask: 'DELETE /vm/{mine}', token: 'asmith', status: 403, answer: says('somebody else') },
  { ask: 'DELETE /vm/{ready}', token: 'boss', status: 404 },
  { ask: 'DELETE /vm/nope', status: 404 },
];
