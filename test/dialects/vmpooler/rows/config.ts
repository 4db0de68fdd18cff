import { expect } from 'vitest';
import { OK, type Row, says } from './row.ts';

const POOL = 'debian-7-i386';
const changes = (
  path: string,
  good: string,
  same: string,
  bad: readonly string[],
  refused: string,
  why: string,
): readonly Row[] => [
  { ask: `POST /config/${path}`, token: 'boss', body: `{"${POOL}":${good}}`, status: 201, answer: OK },
  { ask: `POST /config/${path}`, token: 'boss', body: `{"${POOL}":${same}}`, status: 200, answer: OK },
  ...bad.map(
    (value): Row => ({
      ask: `POST /config/${path}`,
      token: 'boss',
      body: `{"${POOL}":${value}}`,
      status: 400,
      answer: { ok: false, [refused]: [POOL] },
      reason: `${POOL}: ${why}`,
    }),
  ),
  {
    ask: `POST /config/${path}`,
    token: 'boss',
    body: `{"${POOL}":${good},"nope":${good}}`,
    status: 400,
    answer: { ok: false, [refused]: ['nope'] },
    reason: "nope: No VM pool 'nope'.",
  },
  { ask: `POST /config/${path}`, token: 'boss', body: '{', status: 400 },
  { ask: `POST /config/${path}`, token: 'boss', body: 'null', status: 404 },
  { ask: `POST /config/${path}`, body: `{"${POOL}":${good}}`, status: 401 },
  { ask: `POST /config/${path}`, token: 'jdoe', body: `{"${POOL}":${good}}`, status: 403, answer: says('') },
];
export const CONFIG_ROWS: readonly Row[] = [
  ...changes('poolsize', '"9"', '6', ['-1', '"x"', '1.5', '10001', 'null'], 'not_configured', 'size: must be a whole'),
  ...changes(
    'pooltemplate',
    '"a/b"',
    '"templates/debian-7-i386"',
    ['"ab"', '"/ab"', '"ab/"', '7'],
    'bad_templates',
    'must be a text with a slash',
  ),
  { ask: `POST /config/clonetarget`, token: 'boss', body: `{"${POOL}":"rack-1"}`, status: 201, answer: OK },
  {
    ask: `POST /config/clonetarget`,
    token: 'boss',
    body: `{"${POOL}":""}`,
    status: 400,
    answer: { ok: false, bad_templates: [POOL] },
  },
  {
    ask: `POST /config/clonetarget`,
    token: 'boss',
    body: '{"nope":"rack-1"}',
    status: 400,
    answer: { ok: false, bad_templates: ['nope'] },
  },
  {
    ask: `POST /config/clonetarget`,
    token: 'boss',
    body: `{"${POOL}":"","nope":"rack-1","centos-6-x86_64":"rack\\u0000"}`,
    status: 400,
    answer: { ok: false, bad_templates: [POOL, 'nope', 'centos-6-x86_64'] },
    reason: "debian-7-i386: must be a text that is not empty. nope: No VM pool 'nope'. centos-6-x86_64: clone_target",
  },
  {
    ask: `POST /config/pooltemplate`,
    token: 'boss',
    body: `{"nope":"templates/x","${POOL}":"x","centos-6-x86_64":"templates/\\u001b[31m"}`,
    status: 400,
    answer: { ok: false, bad_templates: ['nope', POOL, 'centos-6-x86_64'] },
  },
  { ask: `POST /config/clonetarget`, body: `{"${POOL}":"rack-1"}`, status: 401 },
  {
    ask: `DELETE /config/poolsize/${POOL}`,
    token: 'boss',
    status: 200,
    answer: { ok: true, pool_size_before_reset: 6, pool_size_before_overrides: 6 },
  },
  {
    ask: 'DELETE /config/poolsize/centos-6-x86_64',
    token: 'boss',
    status: 201,
    answer: { ok: true, pool_size_before_reset: 3, pool_size_before_overrides: 2 },
  },
  {
    ask: `DELETE /config/pooltemplate/${POOL}`,
    token: 'boss',
    status: 200,
    answer: {
      ok: true,
      template_before_reset: 'templates/debian-7-i386',
      template_before_overrides: 'templates/debian-7-i386',
    },
  },
  { ask: 'DELETE /config/poolsize/nope', token: 'boss', status: 404 },
  { ask: `DELETE /config/pooltemplate/${POOL}`, status: 401 },
  { ask: 'POST /poolreset', token: 'boss', body: `{"${POOL}":"1"}`, status: 201, answer: OK },
  {
    ask: 'POST /poolreset',
    token: 'boss',
    body: '{"nope":1}',
    status: 400,
    answer: { ok: false, bad_pools: ['nope'] },
    reason: 'nope: there is no such VM pool.',
  },
  { ask: 'POST /poolreset', token: 'boss', body: 'null', status: 404 },
  { ask: 'POST /poolreset', token: 'boss', body: '{', status: 400 },
  { ask: 'POST /poolreset', body: `{"${POOL}":"1"}`, status: 401 },
  { ask: 'POST /poolreset', token: 'jdoe', body: `{"${POOL}":"1"}`, status: 403, answer: says('') },
  {
    ask: 'GET /config',
    status: 200,
    answer: {
      pool_configuration: expect.arrayContaining([
        {
          name: POOL,
          template: 'templates/debian-7-i386',
          size: 6,
          profile: 'web',
          alias: ['debian'],
          template_ready: true,
        },
      ]),
      status: OK,
    },
  },
  {
    ask: 'GET /full_config',
    token: 'boss',
    status: 200,
    answer: {
      full_config: {
        config: expect.objectContaining({ site_name: 'Slipway', vm_lifetime: 12 }),
        pools: expect.any(Array),
      },
      status: OK,
    },
  },
  { ask: 'GET /full_config', token: 'jdoe', status: 403, answer: says('administrators') },
  { ask: 'GET /full_config', status: 401 },
];
