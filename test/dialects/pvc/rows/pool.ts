import { expect } from 'vitest';
import type { Values } from '../../served.ts';
import { has, type Row } from './row.ts';

const changed = (name: string) => has({ message: expect.stringContaining(name), name });

const MINE: Values = { profile: 'web', size: '3', alias: ['debian', 'debian-12'], lifetime: '2', arg: 'a=1' };
const BAD: Row['bad'] = [
  [{ profile: 'nope' }, 'profile'],
  [{ size: '-1' }, 'size'],
  [{ size: 'many' }, 'size'],
  [{ size: '10001' }, 'size'],
  [{ lifetime: '0' }, 'lifetime'],
  [{ ready_ttl: '-1' }, 'ready_ttl'],
  [{ max_clones: '0' }, 'max_clones'],
  [{ probe_port: '70000' }, 'probe_port'],
  [{ alias: 'no good' }, 'alias'],
  [{ arg: 'novalue' }, 'arg'],
  [{ template: 'a\u0007b' }, 'template'],
  [{ clone_target: 'a\nb' }, 'clone_target'],
];

/** The pool `ci` of the fixture, which no keeper fills. */
const CI = {
  ...{ name: 'ci', template: 'web', profile: 'web', arguments: [], size: 2, ready: 0, pending: 0, running: 0 },
  ...{ alias: ['fast'], clone_target: null, timeout: null, ready_ttl: null, max_clones: null, lifetime: null },
  ...{ max_lifetime: null, probe_port: null, state: 'refilling', failures: 0, last_error: null, retry_at: null },
  halted: false,
};
export const POOL_FIXTURE: readonly (readonly [string, Values])[] = [
  ['/pool', { name: 'ci', profile: 'web', size: '2', alias: 'fast' }],
];

const FILE = ':config:\n  domain: company.com\n:pools:\n  - name: old\n    template: Templates/web\n    size: 1\n';

const SETTINGS = {
  ...{ site_name: 'Slipway', domain: null, prefix: '', task_limit: 10, ondemand_clone_limit: 10, timeout: 15 },
  ...{ vm_checktime: 1, ready_ttl: 60, vm_lifetime: 24, vm_lifetime_auth: null, max_lifetime_upper_limit: null },
  ...{ allowed_tags: null, tagfilter: {}, clone_target: null, backend_weight: {}, experimental_features: true },
  ...{ max_ondemand_instances_per_request: 10, ondemand_request_ttl: 5, data_ttl: 168, default_profile: 'empty' },
  ...{ max_failures: 10 },
};
const CHANGED: Values = {
  ...{ vm_lifetime: '12', vm_lifetime_auth: '0', allowed_tags: ['user', 'job'], default_profile: 'web', domain: '' },
  ...{ tagfilter: 'url=^(.*)/=', backend_weight: ['a=1', 'b=2'], experimental_features: 'false' },
};

/** VM pools' endpoints. */
export const POOL_ROWS: readonly Row[] = [
  { route: 'GET /pool', body: [CI] },
  {
    route: 'POST /pool',
    values: { ...MINE, name: 'mine' },
    body: changed('mine'),
    bad: [...BAD, [{ name: 'ci' }, 'ci']],
  },
  { route: 'POST /pool/:name', path: '/pool/mine', values: MINE, body: changed('mine'), bad: BAD },
  { route: 'GET /pool/:name', path: '/pool/ci', body: [CI], missing: '/pool/nope' },
  {
    route: 'PUT /pool/:name',
    path: '/pool/ci',
    values: { size: '5' },
    body: changed('ci'),
    bad: [...BAD, [{ size: '' }, 'size'], [{ profile: '' }, 'profile'], [{ name: 'other' }, 'name']],
    missing: '/pool/nope',
  },
  { route: 'DELETE /pool/:name', path: '/pool/ci', body: changed('ci'), missing: '/pool/nope' },
  { route: 'POST /pool/:name/reset', path: '/pool/ci/reset', body: changed('ci'), missing: '/pool/nope/reset' },
  { route: 'GET /pool-settings', body: SETTINGS },
  {
    route: 'PUT /pool-settings',
    values: CHANGED,
    body: { message: 'Changed the settings of VM pools.' },
    bad: [
      [{ vm_lifetime: '0' }, 'vm_lifetime'],
      [{ task_limit: '1001' }, 'task_limit'],
      [{ prefix: 'Big_' }, 'prefix'],
      [{ domain: 'a b' }, 'domain'],
      [{ tagfilter: 'url' }, 'tagfilter'],
      [{ tagfilter: 'url=(' }, 'tagfilter.url'],
      [{ backend_weight: ['a=x'] }, 'backend_weight.a'],
      [{ experimental_features: 'perhaps' }, 'experimental_features'],
      [{ default_profile: 'nope' }, 'default_profile'],
    ],
  },
  {
    route: 'POST /pool-import',
    values: { file: FILE },
    body: {
      pools: [{ name: 'old', done: 'created', profile: 'web', because: 'its template Templates/web' }],
      settings: ['domain'],
      ignored: [],
    },
    bad: [
      [{ file: [] }, 'file'],
      [{ file: 'a: [' }, 'file'],
      [{ file: 'pools: 3' }, 'pools'],
      [{ file: 'pools: [{name: x, size: -1}]' }, 'pools.x.size'],
      [{ file: 'pools: [{name: x, size: 1, profile: nope}]' }, 'pools.x.profile'],
      [{ file: 'pools: [{name: x, size: 1, profile: web},{name: x, size: 1, profile: web}]' }, 'pools'],
      [{ file: 'config: {prefix: "Big_"}' }, 'prefix'],
      [{ file: 'config: {tagfilter: {url: "("}}' }, 'config.tagfilter.url'],
    ],
  },
];
