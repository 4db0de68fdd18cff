import { expect } from 'vitest';

/** One request and its answer. `{name}` stands for a text of the fixture's. */
export interface Row {
  /** METHOD /path, below the dialect's mount. */
  readonly ask: string;
  /** Who: a person's token, or `user:password`; nobody unless told. */
  readonly token?: string;
  readonly login?: string;
  readonly body?: string;
  readonly status: number;
  /** The body; `{ok: false}` and nothing else unless told. */
  readonly answer?: unknown;
  /** Words of X-Slipway-Reason. */
  readonly reason?: string;
  /** The second version of the API. */
  readonly v2?: boolean;
}

const DOMAIN = { domain: 'company.com' };
const host = expect.stringMatching(/^[a-z][a-z0-9]{14}$/);
const full = expect.stringMatching(/^[a-z][a-z0-9]{14}\.company\.com$/);
const time = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}$/);
const rfc3339 = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/);
const token = expect.stringMatching(/^[a-z][a-z0-9]{31}$/);
const says = (message: string) => ({ ok: false, message: expect.stringContaining(message) });
const failing = (...words: string[]) => ({ ok: false, failure: words.map((one) => expect.stringContaining(one)) });
const OK = { ok: true };

const tokens: readonly Row[] = [
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

const checkouts: readonly Row[] = [
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
    reason: '4 VMs are asked for',
  },
  { ask: 'POST /vm/%zz', status: 400, answer: { ok: false, message: expect.any(String) } },
];

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
  ...{ snapshots_failed: { failed: 'No room.' }, snapshot_names: { '{snapshot}': 'before' } },
};
const vms: readonly Row[] = [
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

const snapshot = '{snapshot}';
const change = (ask: string): readonly Row[] => [
  { ask, status: 401 },
  { ask, token: 'nope', status: 401 },
  { ask, token: 'asmith', status: 403, answer: says('somebody else') },
  { ask: ask.replace('{mine}', 'nope'), token: 'jdoe', status: 404 },
  { ask: ask.replace('{mine}', 'nope'), status: 401 },
  { ask: ask.replace('{mine}', '{ready}'), token: 'jdoe', status: 403, answer: says('not checked out') },
];
const snapshots: readonly Row[] = [
  { ask: 'POST /vm/{mine}/snapshot', token: 'jdoe', status: 202, answer: { ok: true, '{mine}': { snapshot: token } } },
  {
    ask: 'POST /vm/{mine}.company.com/snapshot/',
    token: 'boss',
    status: 202,
    answer: { ok: true, '{mine}.company.com': { snapshot: token } },
  },
  {
    ask: 'POST /vm/{mine}/snapshot?name=after',
    token: 'jdoe',
    status: 202,
    answer: { ok: true, '{mine}': { snapshot: token } },
  },
  { ask: 'POST /vm/{mine}/snapshot?name=before', token: 'jdoe', status: 409, answer: says("'before'") },
  { ask: 'POST /vm/{mine}/snapshot?name=a%20b', token: 'jdoe', status: 400, answer: says('name') },
  ...change('POST /vm/{mine}/snapshot'),
  { ask: `POST /vm/{mine}/snapshot/${snapshot}`, token: 'jdoe', status: 202, answer: OK },
  { ask: 'POST /vm/{mine}/snapshot/before', token: 'jdoe', status: 202, answer: OK },
  { ask: 'POST /vm/{mine}/snapshot/pending', token: 'jdoe', status: 404, reason: 'snapshot' },
  { ask: 'POST /vm/{mine}/snapshot/nope', token: 'jdoe', status: 404, reason: 'snapshot' },
  ...change(`POST /vm/{mine}/snapshot/${snapshot}`),
  { ask: `DELETE /vm/{mine}/snapshot/${snapshot}`, token: 'jdoe', status: 202, answer: OK },
  { ask: 'DELETE /vm/{mine}/snapshot/nope', token: 'jdoe', status: 404 },
  ...change(`DELETE /vm/{mine}/snapshot/${snapshot}`),
  { ask: 'POST /vm/{mine}/disk/8', token: 'jdoe', status: 202, answer: { ok: true, '{mine}': { disk: '+8gb' } } },
  ...['0', '-1', '8abc', 'x', '1.5'].map(
    (size): Row => ({ ask: `POST /vm/{mine}/disk/${size}`, token: 'jdoe', status: 404, reason: 'size' }),
  ),
  { ask: 'POST /vm/{mine}/disk/2049', token: 'jdoe', status: 400, answer: says('size') },
  ...change('POST /vm/{mine}/disk/8'),
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{"disk":8}', status: 200, answer: OK },
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{"disk":"8"}', status: 200, answer: OK },
  ...['0', '"x"', '1.5', '2049', 'null'].map(
    (size): Row => ({
      ask: 'PUT /vm/{mine}',
      token: 'jdoe',
      body: `{"disk":${size}}`,
      status: 400,
      answer: failing('disk size'),
    }),
  ),
];

const ondemand: readonly Row[] = [
  {
    ask: 'POST /ondemandvm',
    token: 'jdoe',
    body: '{"debian-7-i386":"2","request_id":"r1"}',
    status: 201,
    answer: { ok: true, request_id: 'r1', ...DOMAIN },
  },
  {
    ask: 'POST /ondemandvm',
    v2: true,
    token: 'jdoe',
    body: '{"deb-64":1,"request_id":"r1"}',
    status: 201,
    answer: { ok: true, request_id: 'r1' },
  },
  {
    ask: 'POST /ondemandvm/debian-7-i386+debian-7-i386',
    token: 'jdoe',
    status: 201,
    answer: { ok: true, request_id: expect.stringMatching(/^[0-9a-f-]{36}$/), ...DOMAIN },
  },
  { ask: 'POST /ondemandvm', token: 'jdoe', body: '{', status: 400, answer: says('could not be parsed') },
  { ask: 'POST /ondemandvm', token: 'jdoe', body: 'null', status: 404 },
  {
    ask: 'POST /ondemandvm',
    token: 'jdoe',
    body: '{"debian-7-i386":1,"request_id":7}',
    status: 400,
    answer: says('request_id'),
  },
  {
    ask: 'POST /ondemandvm',
    token: 'jdoe',
    body: '{"debian-7-i386":1,"request_id":"a b"}',
    status: 400,
    answer: says('request_id'),
  },
  { ask: 'POST /ondemandvm', token: 'jdoe', body: '{"debian-7-i386":0}', status: 400, answer: says('debian-7-i386') },
  {
    ask: 'POST /ondemandvm',
    token: 'jdoe',
    body: '{"debian-7-i386":11}',
    status: 403,
    answer: says('exceeds the maximum 10'),
  },
  {
    ask: 'POST /ondemandvm',
    token: 'jdoe',
    body: '{"debian-7-i386":1,"nope":1}',
    status: 404,
    answer: { ok: false, bad_templates: ['nope'] },
  },
  { ask: 'POST /ondemandvm/nope', token: 'jdoe', status: 404, answer: { ok: false, bad_templates: ['nope'] } },
  {
    ask: 'POST /ondemandvm',
    token: 'jdoe',
    body: '{"debian-7-i386":1,"request_id":"known"}',
    status: 409,
    answer: { request_id: 'known', ...says('already been created') },
  },
  { ask: 'POST /ondemandvm', body: '{"debian-7-i386":1}', status: 401 },
  { ask: 'POST /ondemandvm/debian-7-i386', token: 'nope', status: 401 },
  {
    ask: 'GET /ondemandvm/known',
    status: 202,
    answer: { ok: true, request_id: 'known', ready: false, 'debian-7-i386': { ready: '0', pending: '2' } },
  },
  {
    ask: 'GET /ondemandvm/done',
    status: 200,
    answer: { ok: true, request_id: 'done', ready: true, 'debian-7-i386': { hostname: [host] }, ...DOMAIN },
  },
  {
    ask: 'GET /ondemandvm/done',
    v2: true,
    status: 200,
    answer: { ok: true, request_id: 'done', ready: true, 'debian-7-i386': { hostname: [full] } },
  },
  { ask: 'GET /ondemandvm/nope', status: 404, answer: says("no request found for request_id 'nope'") },
  { ask: 'GET /ondemandvm', status: 404 },
  { ask: 'DELETE /ondemandvm/known', token: 'jdoe', status: 200, answer: OK },
  { ask: 'DELETE /ondemandvm/known', token: 'asmith', status: 403, answer: says('somebody else') },
  { ask: 'DELETE /ondemandvm/known', status: 401 },
  { ask: 'DELETE /ondemandvm/nope', token: 'jdoe', status: 404, answer: says('no request found') },
];

const POOL = 'debian-7-i386';
const changes = (path: string, good: string, same: string, bad: readonly string[], refused: string): readonly Row[] => [
  { ask: `POST /config/${path}`, token: 'boss', body: `{"${POOL}":${good}}`, status: 201, answer: OK },
  { ask: `POST /config/${path}`, token: 'boss', body: `{"${POOL}":${same}}`, status: 200, answer: OK },
  ...bad.map(
    (value): Row => ({
      ask: `POST /config/${path}`,
      token: 'boss',
      body: `{"${POOL}":${value}}`,
      status: 400,
      answer: { ok: false, [refused]: [POOL] },
    }),
  ),
  {
    ask: `POST /config/${path}`,
    token: 'boss',
    body: `{"${POOL}":${good},"nope":${good}}`,
    status: 400,
    answer: { ok: false, [refused]: ['nope'] },
  },
  { ask: `POST /config/${path}`, token: 'boss', body: '{', status: 400 },
  { ask: `POST /config/${path}`, token: 'boss', body: 'null', status: 404 },
  { ask: `POST /config/${path}`, body: `{"${POOL}":${good}}`, status: 401 },
  { ask: `POST /config/${path}`, token: 'jdoe', body: `{"${POOL}":${good}}`, status: 403, answer: says('') },
];
const config: readonly Row[] = [
  ...changes('poolsize', '"9"', '6', ['-1', '"x"', '1.5', '10001', 'null'], 'not_configured'),
  ...changes('pooltemplate', '"a/b"', '"templates/debian-7-i386"', ['"ab"', '"/ab"', '"ab/"', '7'], 'bad_templates'),
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
    answer: { full_config: { config: expect.any(Object), pools: expect.any(Array) }, status: OK },
  },
  { ask: 'GET /full_config', token: 'jdoe', status: 403, answer: says('administrators') },
  { ask: 'GET /full_config', status: 401 },
];

const anObject = expect.any(Object);
/** Their figures are held to the formulas where these are. */
const status: readonly Row[] = [
  {
    ask: 'GET /status',
    status: 200,
    answer: expect.objectContaining({
      capacity: anObject,
      clone: anObject,
      pools: anObject,
      queue: anObject,
      status: anObject,
    }),
  },
  { ask: 'GET /status?view=queue', status: 200, answer: { queue: anObject, status: anObject } },
  { ask: 'GET /summary', status: 200, answer: { boot: anObject, clone: anObject, tag: anObject, daily: [anObject] } },
  { ask: 'GET /summary?from=nonsense', status: 400, answer: anObject },
  { ask: 'GET /summary/boot', status: 200, answer: anObject },
  { ask: 'GET /summary/boot/count', status: 200, answer: anObject },
  { ask: 'GET /summary/nope', status: 404 },
  { ask: 'GET /poolstat?pool=debian', status: 200, answer: { pools: anObject } },
  { ask: 'GET /totalrunning', status: 200, answer: { running: 4 } },
];

const nothing: readonly Row[] = [
  'GET /nope',
  'PATCH /vm',
  'OPTIONS /vm',
  'DELETE /vm',
  'PUT /token',
  'GET /vm/a/b/c',
].map((ask) => ({ ask, status: 404 }));

export const ROWS: readonly Row[] = [
  ...tokens,
  ...checkouts,
  ...vms,
  ...snapshots,
  ...ondemand,
  ...config,
  ...status,
  ...nothing,
];

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
