import { expect } from 'vitest';
import { DOMAIN, full, host, type Row, says } from './row.ts';

export const CHECKOUT_ROWS: readonly Row[] = [
  { ask: 'GET /vm', status: 200, answer: ['centos-6-x86_64', 'debian-7-i386', 'debian-7-x86_64'] },
  { ask: 'GET /vm/', status: 200, answer: expect.any(Array) },
  {
    ask: 'POST /vm',
    body: '{"debian-7-i386":"2","debian-7-x86_64":"1"}',
    status: 200,
    answer: { ok: true, 'debian-7-i386': { hostname: [host, host] }, 'debian-7-x86_64': { hostname: host }, ...DOMAIN },
  },
  { ask: 'POST /vm', body: '{"deb-64":1}', status: 200, answer: { ok: true, 'deb-64': { hostname: host }, ...DOMAIN } },
  {
    ask: 'POST /vm',
    body: '{"debian":6}',
    status: 200,
    answer: { ok: true, debian: { hostname: Array(6).fill(host) }, ...DOMAIN },
  },
  {
    ask: 'POST /vm',
    body: '{"debian-7-i386":2}',
    v2: true,
    status: 200,
    answer: { ok: true, 'debian-7-i386': { hostname: [full, full] } },
  },
  { ask: 'POST /vm', body: '{"debian-7-i386":1}', token: 'nope', status: 401, reason: 'token is unknown' },
  { ask: 'POST /vm', body: '{"debian-7-i386":1,"nope":1}', status: 404, reason: "No VM pool 'nope'" },
  { ask: 'POST /vm', body: 'null', status: 404 },
  { ask: 'POST /vm', body: '{"centos-6-x86_64":2}', status: 503, reason: '1 of centos-6-x86_64 missing' },
  {
    ask: 'POST /vm',
    body: '{"debian-7-i386":1,"centos-6-x86_64":9}',
    status: 503,
    reason: '8 of centos-6-x86_64 missing',
  },
  ...['0', '"0"', '"abc"', '"-1"', '-1', '{}', '1.5', '"1e1"', 'true', 'null', '[1]', '99999'].map(
    (count): Row => ({
      ...{ ask: 'POST /vm', body: `{"debian-7-i386":${count}}`, status: 400 },
      answer: says('debian-7-i386: must be a whole number of VMs'),
    }),
  ),
  ...['{', '', '[]', '"debian-7-i386"', '1', '{}'].map(
    (body): Row => ({ ask: 'POST /vm', body, status: 400, reason: 'body' }),
  ),
  { ask: 'POST /vm/debian-7-i386', status: 200, answer: { ok: true, 'debian-7-i386': { hostname: host }, ...DOMAIN } },
  {
    ask: 'POST /vm/debian-7-i386',
    token: 'jdoe',
    status: 200,
    answer: { ok: true, 'debian-7-i386': { hostname: host }, ...DOMAIN },
  },
  {
    ask: 'POST /vm/debian-7-i386/',
    body: '--url',
    status: 200,
    answer: { ok: true, 'debian-7-i386': { hostname: host }, ...DOMAIN },
  },
  {
    ask: 'POST /vm/debian-7-i386+debian-7-i386+debian-7-x86_64',
    status: 200,
    answer: { ok: true, 'debian-7-i386': { hostname: [host, host] }, 'debian-7-x86_64': { hostname: host }, ...DOMAIN },
  },
  {
    ask: 'POST /vm/debian-7-i386%2Bdebian-7-i386',
    status: 200,
    answer: { ok: true, 'debian-7-i386': { hostname: [host, host] }, ...DOMAIN },
  },
  { ask: 'POST /vm/debian-7-i386', v2: true, status: 200, answer: { ok: true, 'debian-7-i386': { hostname: full } } },
  { ask: 'POST /vm/debian-7-i386%20debian-7-i386', status: 404 },
  { ask: 'POST /vm/nope', status: 404, reason: "No VM pool 'nope'" },
  { ask: 'POST /vm/debian-7-i386+nope', status: 404 },
  { ask: 'POST /vm/debian-7-i386', token: 'nope', status: 401 },
  { ask: 'POST /vm/centos-6-x86_64+centos-6-x86_64', status: 503, reason: '1 of centos-6-x86_64' },
  {
    ask: 'POST /vm/debian-7-i386?wait=5',
    status: 200,
    answer: { ok: true, 'debian-7-i386': { hostname: host }, ...DOMAIN },
  },
  { ask: 'POST /vm/debian-7-i386?wait=long', status: 400, answer: says('wait') },
  { ask: 'POST /vm/debian-7-i386?wait=-1', status: 400, answer: says('wait') },
  { ask: 'POST /vm/debian-7-i386?wait=3601', status: 400, answer: says('wait') },
  {
    ask: 'POST /vm/centos-6-x86_64+centos-6-x86_64+centos-6-x86_64+centos-6-x86_64?wait=3600',
    status: 503,
    reason: 'More is asked for',
  },
  { ask: 'POST /vm/%zz', status: 400, answer: { ok: false, message: expect.any(String) } },
];
