import { expect } from 'vitest';
import type { Values } from '../served.ts';
import { POOL_FIXTURE, POOL_ROWS } from './pool-rows.ts';

/** One endpoint: how it is called in the fixture's world, what it answers, and which values it refuses. */
export interface Row {
  /** `METHOD /path/:parameter` as served. */
  readonly route: string;
  /** Path with its parameters filled in. */
  readonly path?: string;
  readonly values?: Values;
  readonly status?: number;
  readonly body: unknown;
  /** Values put in the place of the good ones (empty list: left out), and the field that the refusal names. */
  readonly bad?: readonly (readonly [Values, string])[];
  /** Path of something that is not there. */
  readonly missing?: string;
}

const has = (shape: object): unknown => expect.objectContaining(shape);
const message = (...words: string[]) => has({ message: expect.stringContaining(words.join(' ')) });
const changed = (name: string, more: object = {}) => has({ message: expect.any(String), name, ...more });
/** A task that has begun nothing yet, and one that has ended. */
export const TASK = '00000000-0000-4000-8000-000000000001';
export const ENDED = '00000000-0000-4000-8000-000000000002';
const task = has({ state: 'PENDING', current: 0, total: 1, status: 'Accepted.', task_id: TASK, task_name: 'vm.stop' });
/** Of web1, called clean. */
export const SNAPSHOT = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
const begun = (kind: string) => has({ task_id: expect.any(String), task_name: kind, run_on: 'hv1' });
const GONE: Values = {};

const system: Values = {
  vcpus: '2',
  vram: '1024',
  serial: 'true',
  vnc: 'False',
  node_limit: 'hv1,hv2',
  node_selector: 'mem',
  start_with_node: 'no',
};
const systemBad: Row['bad'] = [
  [{ vcpus: [] }, 'vcpus'],
  [{ vcpus: 'two' }, 'vcpus'],
  [{ vcpus: '0' }, 'vcpus'],
  [{ vcpus: '1e3' }, 'vcpus'],
  [{ vcpus: ['1', '2'] }, 'vcpus'],
  [{ vram: '' }, 'vram'],
  [{ vram: '-5' }, 'vram'],
  [{ serial: 'maybe' }, 'serial'],
  [{ vnc: '2' }, 'vnc'],
  [{ node_selector: 'best' }, 'node_selector'],
  [{ migration_method: 'teleport' }, 'migration_method'],
  [{ migration_max_downtime: 'long' }, 'migration_max_downtime'],
];
const disk: Values = {
  pool: 'vms',
  disk_size: '4',
  filesystem: 'ext4',
  filesystem_arg: ['-L=root', '-m=1'],
  mountpoint: '/',
};
const diskBad: Row['bad'] = [
  [{ pool: [] }, 'pool'],
  [{ disk_size: 'big' }, 'disk_size'],
  [{ disk_size: '0.5' }, 'disk_size'],
  [{ disk_size: [] }, 'disk_size'],
  [{ filesystem: [] }, 'mountpoint'],
];
const profile: Values = {
  profile_type: 'provisioner',
  system_template: 'small',
  network_template: 'net200+net300',
  storage_template: 'root',
  userdata: 'ud',
  script: 'sc',
  arg: ['deb_release=buster', 'opts=a=b'],
};
const profileBad: Row['bad'] = [
  [{ system_template: [] }, 'system_template'],
  [{ system_template: 'nope' }, 'system_template'],
  [{ network_template: 'nope' }, 'network_template'],
  [{ storage_template: 'nope' }, 'storage_template'],
  [{ userdata: 'nope' }, 'userdata'],
  [{ script: 'nope' }, 'script'],
  [{ arg: 'no-equals' }, 'arg'],
  [{ profile_type: 'magic' }, 'profile_type'],
  [{ wait: 'forever' }, 'wait'],
];
const network: Values = {
  vni: '400',
  description: 'dmz',
  nettype: 'managed',
  mtu: '',
  domain: 'dmz.example.org',
  name_servers: ['10.4.0.53', '9.9.9.9'],
  ip4_network: '10.4.0.0/24',
  ip4_gateway: '10.4.0.1',
  dhcp4: 'True',
  dhcp4_start: '10.4.0.10',
  dhcp4_end: '10.4.0.99',
};
const networkBad: Row['bad'] = [
  [{ description: [] }, 'description'],
  [{ nettype: [] }, 'nettype'],
  [{ nettype: 'magic' }, 'nettype'],
  [{ mtu: 'x' }, 'mtu'],
  [{ ip4_gateway: [] }, 'ip4_gateway'],
  [{ ip4_network: '' }, 'ip4_network'],
  [{ dhcp4_start: [] }, 'dhcp4_start'],
  [{ dhcp4_end: '' }, 'dhcp4_end'],
  [{ dhcp4: 'perhaps' }, 'dhcp4'],
  [{ ip6_network: 'fd00::/64' }, 'ip6_network'],
];
const texts = (kind: string, collection: string, known: string): Row[] => [
  { route: `GET ${collection}`, body: expect.arrayContaining([has({ name: known, [kind]: expect.any(String) })]) },
  {
    route: `POST ${collection}`,
    values: { name: 'fresh', data: 'a: 1\n' },
    body: changed('fresh'),
    bad: [
      [{ name: [] }, 'name'],
      [{ data: [] }, 'data'],
      [{ name: known }, known],
    ],
  },
  {
    route: `PUT ${collection}`,
    values: { name: known, data: 'b: 2\n' },
    body: changed(known),
    bad: [
      [{ data: [] }, 'data'],
      [{ name: 'nope' }, 'nope'],
    ],
  },
  {
    route: `GET ${collection}/:name`,
    path: `${collection}/${known}`,
    body: [has({ name: known })],
    missing: `${collection}/nope`,
  },
  {
    route: `POST ${collection}/:name`,
    path: `${collection}/fresh`,
    values: { data: 'x' },
    body: changed('fresh'),
    bad: [[{ data: [] }, 'data']],
  },
  {
    route: `PUT ${collection}/:name`,
    path: `${collection}/${known}`,
    values: { data: 'x' },
    body: changed(known),
    bad: [[{ data: [] }, 'data']],
  },
  {
    route: `DELETE ${collection}/:name`,
    path: `${collection}/spare-${kind}`,
    body: changed(`spare-${kind}`),
    missing: `${collection}/nope`,
  },
];

const T = '/provisioner/template';
const P = '/provisioner/profile';

export const ROWS: readonly Row[] = [
  ...POOL_ROWS,
  { route: 'GET /', status: 209, body: message('PVC') },
  { route: 'GET /provisioner', status: 404, body: message('nothing') },
  { route: 'GET /auth/login', body: expect.stringContaining('<form') },
  { route: 'GET /login', body: expect.stringContaining('<form') },
  {
    route: 'POST /auth/login',
    values: { token: 'test-token-admin' },
    body: message('Authentication successful'),
    bad: [[{ token: '' }, 'token']],
  },
  {
    route: 'POST /login',
    values: { token: 'test-token-admin' },
    body: message('Authentication successful'),
    bad: [[{ token: [] }, 'token']],
  },
  { route: 'GET /auth/logout', body: message('Deauthorized') },
  { route: 'POST /auth/logout', body: message('Deauthorized') },
  { route: 'GET /logout', body: message('Deauthorized') },
  { route: 'POST /logout', body: message('Deauthorized') },
  {
    route: 'GET /token',
    body: [has({ id: '0', description: 'admin', role: 'admin', created_at: '2026-01-01T00:00:00.000Z' })],
  },
  {
    route: 'POST /token',
    values: { description: 'ci', role: 'viewer' },
    body: has({ token: expect.stringMatching(/^[\w-]{43}$/), role: 'viewer' }),
    bad: [
      [{ description: [] }, 'description'],
      [{ role: 'god' }, 'role'],
    ],
  },
  { route: 'DELETE /token/:token', path: '/token/0', body: message('removed'), missing: '/token/99' },

  { route: 'GET /user', body: [{ name: 'jdoe', role: 'user', created_at: expect.any(String) }] },
  {
    route: 'POST /user',
    values: { name: 'Boss', password: 'boss-secret', role: 'admin' },
    body: has({ name: 'boss', role: 'admin' }),
    bad: [
      [{ name: [] }, 'name'],
      [{ name: 'jdoe' }, 'jdoe'],
      [{ name: '-x' }, 'name'],
      [{ name: 'a,b' }, 'name'],
      [{ password: [] }, 'password'],
      [{ password: 'short' }, 'password'],
      [{ role: 'viewer' }, 'role'],
    ],
  },
  {
    route: 'PUT /user/:user',
    path: '/user/jdoe',
    values: { password: 'another-secret' },
    body: changed('jdoe'),
    bad: [
      [{ password: [] }, 'password'],
      [{ password: 'x'.repeat(1025) }, 'password'],
    ],
    missing: '/user/nope',
  },
  { route: 'DELETE /user/:user', path: '/user/jdoe', body: changed('jdoe'), missing: '/user/nope' },

  {
    route: 'GET /tasks',
    body: {
      active: {},
      reserved: { hv1: [{ id: TASK, name: 'vm.stop', args: [], kwargs: { target: 'web1', run_on: 'hv1' } }] },
      scheduled: {},
    },
    bad: [
      [{ finished: 'x' }, 'finished'],
      [{ limit: '0' }, 'limit'],
    ],
  },
  { route: 'GET /provisioner/status', body: has({ active: {}, scheduled: {} }) },
  { route: 'GET /tasks/:task', path: `/tasks/${TASK}`, body: task, missing: '/tasks/nope' },
  {
    route: 'GET /provisioner/status/:task',
    path: `/provisioner/status/${TASK}`,
    body: task,
    missing: '/provisioner/status/nope',
  },
  {
    route: 'DELETE /tasks/:task',
    path: `/tasks/${TASK}`,
    body: message('requested; vm.stop runs to its end'),
    missing: '/tasks/nope',
  },
  {
    route: 'GET /tasks/:task/log',
    path: `/tasks/${ENDED}/log`,
    body: has({ name: ENDED, data: 'line 1\nline 2' }),
    missing: '/tasks/nope/log',
  },
  {
    route: 'GET /tasks/:task/events',
    path: `/tasks/${ENDED}/events`,
    body: expect.stringMatching(/^id: 1\nevent: log\ndata: [^\n]*line 1.*event: task\ndata: \{[^\n]*SUCCESS/s),
    missing: '/tasks/nope/events',
  },

  {
    route: 'GET /node',
    body: [
      has({ name: 'hv1', memory: { total: 16384, allocated: 1024, provisioned: 1024, used: 2049, free: 14336 } }),
      has({ name: 'hv2', health: 'N/A' }),
    ],
  },
  {
    route: 'GET /node/:node',
    path: '/node/hv1',
    body: [has({ name: 'hv1', cpu_count: 8, running_domains: ['web1'] })],
    missing: '/node/nope',
  },
  {
    route: 'GET /node/:node/daemon-state',
    path: '/node/hv1/daemon-state',
    body: { name: 'hv1', daemon_state: 'run' },
    missing: '/node/nope/daemon-state',
  },
  {
    route: 'GET /node/:node/coordinator-state',
    path: '/node/hv1/coordinator-state',
    body: { name: 'hv1', coordinator_state: 'primary' },
  },
  {
    route: 'GET /node/:node/domain-state',
    path: '/node/hv1/domain-state',
    body: { name: 'hv1', domain_state: 'ready' },
  },

  {
    route: 'GET /vm',
    body: [has({ name: 'web1', state: 'start' })],
    bad: [
      [{ state: 'dancing' }, 'state'],
      [{ negate: 'x' }, 'negate'],
    ],
  },
  {
    route: 'GET /vm/:vm',
    path: '/vm/web1',
    body: [has({ name: 'web1', arch: 'x86_64', machine: 'pc-q35-7.2', vnc: { listen: '127.0.0.1', port: '5901' } })],
    missing: '/vm/nope',
  },
  {
    route: 'GET /vm/:vm/state',
    path: '/vm/web1/state',
    body: { name: 'web1', state: 'start' },
    missing: '/vm/nope/state',
  },
  {
    route: 'GET /vm/:vm/node',
    path: '/vm/web1/node',
    body: { name: 'web1', node: 'hv1', last_node: '' },
    missing: '/vm/nope/node',
  },
  {
    route: 'GET /vm/:vm/console',
    path: '/vm/web1/console',
    values: { lines: '7' },
    body: { name: 'web1', data: 'line 4\nline 5\nline 6\nline 7\nline 8\nline 9\nline 10' },
    bad: [[{ lines: '-1' }, 'lines']],
    missing: '/vm/nope/console',
  },
  {
    route: 'POST /vm/:vm/state',
    path: '/vm/web1/state',
    values: { state: 'stop' },
    body: has({ message: expect.any(String), task_id: expect.any(String) }),
    bad: [
      [{ state: [] }, 'state'],
      [{ state: 'dance' }, 'state'],
      [{ wait: 'x' }, 'wait'],
    ],
    missing: '/vm/nope/state',
  },
  {
    route: 'DELETE /vm/:vm',
    path: '/vm/web1',
    values: { delete_disks: 'True' },
    body: message("Removed VM 'web1' and its disks."),
    bad: [[{ delete_disks: 'x' }, 'delete_disks']],
    missing: '/vm/nope',
  },

  {
    route: 'GET /storage/volume',
    body: [
      { pool: 'vms', name: 'old_sda', size_mb: 4096, node: 'hv1', vm: null },
      { pool: 'vms', name: 'web1_sda', size_mb: 4096, node: 'hv1', vm: 'web1' },
      { pool: 'vms', name: 'web1_sdb', size_mb: 3072, node: 'hv1', vm: 'web1' },
    ],
    bad: [[{ pool: 'nope' }, 'pool']],
  },
  {
    route: 'DELETE /storage/volume/:pool/:volume',
    path: '/storage/volume/vms/old_sda',
    status: 202,
    body: { task_id: expect.any(String), task_name: 'volume.remove', run_on: 'hv1' },
    missing: '/storage/volume/vms/nope',
  },
  {
    route: 'GET /vm/:vm/snapshot',
    path: '/vm/web1/snapshot',
    body: [has({ id: SNAPSHOT, name: 'clean', state: 'ready', failed_reason: null })],
    missing: '/vm/nope/snapshot',
  },
  {
    route: 'POST /vm/:vm/snapshot',
    path: '/vm/web1/snapshot',
    values: { snapshot_name: 'dirty' },
    status: 202,
    body: has({ task_name: 'vm.snapshot', run_on: 'hv1', snapshot_id: expect.stringMatching(/^[a-z][a-z0-9]{31}$/) }),
    bad: [
      [{ snapshot_name: 'ü' }, 'snapshot_name'],
      [{ snapshot_name: 'x'.repeat(65) }, 'snapshot_name'],
      [{ snapshot_name: 'clean' }, 'clean'],
    ],
    missing: '/vm/nope/snapshot',
  },
  {
    route: 'POST /vm/:vm/snapshot/rollback',
    path: '/vm/web1/snapshot/rollback',
    values: { snapshot_name: 'clean' },
    status: 202,
    body: begun('vm.revert'),
    bad: [
      [{ snapshot_name: [] }, 'snapshot_name'],
      [{ snapshot_name: 'nope' }, 'nope'],
    ],
    missing: '/vm/nope/snapshot/rollback',
  },
  ...['revert', 'rollback'].map(
    (word): Row => ({
      route: `POST /vm/:vm/snapshot/:snapshot/${word}`,
      path: `/vm/web1/snapshot/${SNAPSHOT}/${word}`,
      status: 202,
      body: begun('vm.revert'),
      missing: `/vm/web1/snapshot/nope/${word}`,
    }),
  ),
  {
    route: 'DELETE /vm/:vm/snapshot',
    path: '/vm/web1/snapshot',
    values: { snapshot_name: 'clean' },
    status: 202,
    body: begun('vm.snapshot-remove'),
    bad: [
      [{ snapshot_name: [] }, 'snapshot_name'],
      [{ snapshot_name: 'nope' }, 'nope'],
    ],
    missing: '/vm/nope/snapshot',
  },
  {
    route: 'DELETE /vm/:vm/snapshot/:snapshot',
    path: '/vm/web1/snapshot/clean',
    status: 202,
    body: begun('vm.snapshot-remove'),
    missing: '/vm/web1/snapshot/nope',
  },
  {
    route: 'GET /vm/:vm/disk',
    path: '/vm/web1/disk',
    body: [{ dev: 'sdb', name: 'vms/web1_sdb', size: 3 }],
    missing: '/vm/nope/disk',
  },
  {
    route: 'POST /vm/:vm/disk',
    path: '/vm/web1/disk',
    values: { size: '5' },
    status: 202,
    body: begun('vm.attach-disk'),
    bad: [
      [{ size: [] }, 'size'],
      [{ size: '0' }, 'size'],
      [{ size: '2049' }, 'size'],
      [{ size: 'big' }, 'size'],
    ],
    missing: '/vm/nope/disk',
  },

  { route: 'GET /network', body: expect.arrayContaining([has({ vni: 100, mtu: 'None', domain: 'None', nat: true })]) },
  {
    route: 'POST /network',
    values: network,
    body: message('400'),
    bad: [[{ vni: [] }, 'vni'], [{ vni: '0' }, 'vni'], [{ vni: '100' }, '100'], ...(networkBad ?? [])],
  },
  {
    route: 'POST /network/:vni',
    path: '/network/400',
    values: { ...network, vni: '500' },
    body: message('VNI 400'),
    bad: networkBad ?? [],
  },
  {
    route: 'GET /network/:vni',
    path: '/network/100',
    body: [
      has({
        vni: 100,
        ip4: has({ dhcp_flag: 'True', dhcp_start: '10.0.0.10' }),
        ip6: { network: 'None', gateway: 'None', dhcp_flag: 'False' },
      }),
    ],
    missing: '/network/999',
  },
  {
    route: 'DELETE /network/:vni',
    path: '/network/n300',
    body: { message: "Network 'n300' is being removed.", task_id: expect.any(String) },
    missing: '/network/999',
  },

  {
    route: `GET ${T}`,
    body: has({ system_templates: [has({ name: 'small' })], userdata_templates: expect.any(Array) }),
  },
  {
    route: `GET ${T}/:name`,
    path: `${T}/net200+net300`,
    body: has({ system_templates: [], network_templates: [has({ name: 'net200+net300' })] }),
    missing: `${T}/nope`,
  },

  {
    route: `GET ${T}/system`,
    body: [
      has({ name: 'small', vcpu_count: 1, vram_mb: 512, start_with_node: false, node_autostart: false, ova: null }),
    ],
  },
  {
    route: `POST ${T}/system`,
    values: { name: 'big', ...system },
    body: changed('big'),
    bad: [
      [{ name: [] }, 'name'],
      [{ name: '' }, 'name'],
      [{ name: 'a/b' }, 'name'],
      [{ name: 'small' }, 'small'],
      ...(systemBad ?? []),
    ],
  },
  {
    route: `GET ${T}/system/:name`,
    path: `${T}/system/small`,
    body: [has({ name: 'small', migration_max_downtime: 300 })],
    missing: `${T}/system/nope`,
  },
  {
    route: `POST ${T}/system/:name`,
    path: `${T}/system/big`,
    values: system,
    body: changed('big'),
    bad: systemBad ?? [],
  },
  {
    route: `PUT ${T}/system/:name`,
    path: `${T}/system/small`,
    values: { vcpus: '8' },
    body: changed('small'),
    bad: [
      [{ vcpus: 'x' }, 'vcpus'],
      [{ vram: '0' }, 'vram'],
      [{ vcpus: '' }, 'vcpus'],
      [{ vram: '' }, 'vram'],
      [{ vnc_bind: 'here' }, 'vnc_bind'],
    ],
    missing: `${T}/system/nope`,
  },
  {
    route: `DELETE ${T}/system/:name`,
    path: `${T}/system/small`,
    status: 510,
    body: message('in use by the profiles: web'),
  },

  {
    route: `GET ${T}/network`,
    body: [has({ name: 'net200+net300', mac_template: null, networks: [has({ vni: '200' })] })],
  },
  {
    route: `POST ${T}/network`,
    values: { name: 'other', mac_template: '{prefix}:00:0{vmid}:0{netid}' },
    body: changed('other'),
    bad: [
      [{ name: [] }, 'name'],
      [{ name: 'net200 net300' }, 'net200+net300'],
    ],
  },
  {
    route: `GET ${T}/network/:name`,
    path: `${T}/network/net200%2Bnet300`,
    body: [has({ name: 'net200+net300' })],
    missing: `${T}/network/nope`,
  },
  { route: `POST ${T}/network/:name`, path: `${T}/network/other`, body: changed('other') },
  {
    route: `PUT ${T}/network/:name`,
    path: `${T}/network/net200+net300`,
    values: { mac_template: '{prefix}:00:0{vmid}:0{netid}' },
    body: changed('net200+net300'),
    bad: [[{ mac_template: 'nonsense' }, 'mac_template']],
    missing: `${T}/network/nope`,
  },
  {
    route: `DELETE ${T}/network/:name`,
    path: `${T}/network/net200+net300`,
    status: 510,
    body: message('in use by the profiles: web'),
  },
  {
    route: `GET ${T}/network/:name/net`,
    path: `${T}/network/net200+net300/net`,
    body: [has({ vni: '200', network_template: expect.any(Number) })],
    missing: `${T}/network/nope/net`,
  },
  {
    route: `POST ${T}/network/:name/net`,
    path: `${T}/network/net200+net300/net`,
    values: { vni: '300' },
    body: changed('net200+net300', { vni: 300 }),
    bad: [
      [{ vni: [] }, 'vni'],
      [{ vni: 'x' }, 'vni'],
      [{ vni: '999' }, 'vni'],
      [{ vni: '200' }, '200'],
    ],
  },
  {
    route: `DELETE ${T}/network/:name/net`,
    path: `${T}/network/net200+net300/net`,
    values: { vni: '200' },
    body: changed('net200+net300', { vni: 200 }),
    bad: [
      [{ vni: [] }, 'vni'],
      [{ vni: '300' }, '300'],
    ],
  },
  {
    route: `GET ${T}/network/:name/net/:vni`,
    path: `${T}/network/net200+net300/net/200`,
    body: [has({ vni: '200' })],
    missing: `${T}/network/net200+net300/net/300`,
  },
  {
    route: `POST ${T}/network/:name/net/:vni`,
    path: `${T}/network/net200+net300/net/200`,
    values: { permit_duplicate: '' },
    body: changed('net200+net300', { vni: 200 }),
    bad: [
      [{ permit_duplicate: 'False' }, '200'],
      [{ permit_duplicate: 'x' }, 'permit_duplicate'],
    ],
  },
  {
    route: `DELETE ${T}/network/:name/net/:vni`,
    path: `${T}/network/net200+net300/net/200`,
    body: changed('net200+net300'),
    missing: `${T}/network/net200+net300/net/300`,
  },

  {
    route: `GET ${T}/storage`,
    body: [has({ name: 'root', disks: [has({ disk_id: 'sda', disk_size_gb: 4, filesystem_args: '-L=root -m=1' })] })],
  },
  {
    route: `POST ${T}/storage`,
    values: { name: 'two' },
    body: changed('two'),
    bad: [
      [{ name: [] }, 'name'],
      [{ name: 'root' }, 'root'],
    ],
  },
  {
    route: `GET ${T}/storage/:name`,
    path: `${T}/storage/root`,
    body: [has({ name: 'root' })],
    missing: `${T}/storage/nope`,
  },
  { route: `POST ${T}/storage/:name`, path: `${T}/storage/two`, body: changed('two') },
  {
    route: `DELETE ${T}/storage/:name`,
    path: `${T}/storage/root`,
    status: 510,
    body: message('in use by the profiles: web'),
  },
  {
    route: `GET ${T}/storage/:name/disk`,
    path: `${T}/storage/root/disk`,
    body: [has({ disk_id: 'sda', source_volume: null })],
    missing: `${T}/storage/nope/disk`,
  },
  {
    route: `POST ${T}/storage/:name/disk`,
    path: `${T}/storage/root/disk`,
    values: { disk_id: 'sdb', ...disk },
    body: changed('root', { disk_id: 'sdb' }),
    bad: [[{ disk_id: [] }, 'disk_id'], [{ disk_id: 'sda' }, 'sda'], ...(diskBad ?? [])],
  },
  {
    route: `DELETE ${T}/storage/:name/disk`,
    path: `${T}/storage/root/disk`,
    values: { disk_id: 'sda' },
    body: changed('root', { disk_id: 'sda' }),
    bad: [
      [{ disk_id: [] }, 'disk_id'],
      [{ disk_id: 'sdz' }, 'sdz'],
    ],
  },
  {
    route: `GET ${T}/storage/:name/disk/:disk_id`,
    path: `${T}/storage/root/disk/sda`,
    body: [has({ disk_id: 'sda', filesystem: 'ext4', mountpoint: '/' })],
    missing: `${T}/storage/root/disk/sdz`,
  },
  {
    route: `POST ${T}/storage/:name/disk/:disk_id`,
    path: `${T}/storage/root/disk/sdb`,
    values: disk,
    body: changed('root', { disk_id: 'sdb' }),
    bad: diskBad ?? [],
  },
  {
    route: `DELETE ${T}/storage/:name/disk/:disk_id`,
    path: `${T}/storage/root/disk/sda`,
    body: changed('root', { disk_id: 'sda' }),
    missing: `${T}/storage/root/disk/sdz`,
  },

  ...texts('userdata', '/provisioner/userdata', 'ud'),
  ...texts('userdata', `${T}/userdata`, 'ud'),
  ...texts('script', '/provisioner/script', 'sc'),

  {
    route: `GET ${P}`,
    body: [
      has({
        name: 'web',
        type: 'provisioner',
        userdata: 'ud',
        userdata_template: 'ud',
        ova: 'N/A',
        arguments: ['a=1', 'b=1'],
      }),
    ],
  },
  {
    route: `POST ${P}`,
    values: { name: 'new', ...profile },
    body: changed('new'),
    bad: [[{ name: [] }, 'name'], [{ name: 'web' }, 'web'], ...(profileBad ?? [])],
  },
  { route: `GET ${P}/:name`, path: `${P}/web`, body: [has({ name: 'web', wait: 'running' })], missing: `${P}/nope` },
  { route: `POST ${P}/:name`, path: `${P}/new`, values: profile, body: changed('new'), bad: profileBad ?? [] },
  {
    route: `PUT ${P}/:name`,
    path: `${P}/web`,
    values: { arg: 'b=2', wait: 'cloud-init' },
    body: changed('web'),
    bad: [
      [{ script: 'nope' }, 'script'],
      [{ wait: 'x' }, 'wait'],
      [{ wait: '' }, 'wait'],
      [{ system_template: '' }, 'system_template'],
    ],
    missing: `${P}/nope`,
  },
  { route: `DELETE ${P}/:name`, path: `${P}/web`, body: changed('web'), missing: `${P}/nope` },
  {
    route: `GET ${P}/:name/export`,
    path: `${P}/web/export`,
    body: has({ name: 'web', system: has({ vcpus: 1, memoryMiB: 512 }), networks: [200] }),
    missing: `${P}/nope/export`,
  },
  {
    route: `POST ${P}/:profile/render`,
    path: `${P}/web/render`,
    values: { name: 'vm1', arg: ['a=2', 'b=3'] },
    body: has({
      node: 'hv1',
      userdata: '#cloud-config\n# a=2 b=3\n',
      networks: [{ vni: 200, mac: expect.stringMatching(/^52:54:00(:[0-9a-f]{2}){3}$/), ip: null }],
      disks: [{ name: 'vm1_sda', pool: 'vms', size_mb: 4096, filesystem: 'ext4' }],
    }),
    bad: [[{ name: [] }, 'name']],
    missing: `${P}/nope/render`,
  },
  {
    route: 'POST /provisioner/create',
    values: { name: 'vm1', profile: 'web', define_vm: 'True', start_vm: 'False', arg: ['a=2', 'b=c=d'] },
    status: 202,
    body: { task_id: expect.any(String), task_name: 'provisioner.create', run_on: 'hv1' },
    bad: [
      [{ name: [] }, 'name'],
      [{ profile: [] }, 'profile'],
      [{ profile: 'nope' }, 'nope'],
      [{ name: 'web1' }, 'web1'],
      [{ start_vm: 'x' }, 'start_vm'],
    ],
  },
];

/** Its body is a document and cannot be a query: tested on its own. */
export const DOCUMENT_ROUTES: readonly string[] = [`POST ${P}/apply`];

/** What the rows expect to be there. */
export const FIXTURE: readonly (readonly [string, Values])[] = [
  ['/user', { name: 'jdoe', password: 'jdoe-secret' }],
  ...[
    ['100', 'default'],
    ['200', 'n200'],
    ['300', 'n300'],
  ].map(
    ([vni = '', description = '']) =>
      [
        '/network',
        {
          vni,
          description,
          nettype: 'managed',
          ...(vni === '100' && {
            nat: '',
            ip4_network: '10.0.0.0/24',
            ip4_gateway: '10.0.0.1',
            dhcp4: '',
            dhcp4_start: '10.0.0.10',
            dhcp4_end: '10.0.0.99',
          }),
        },
      ] as const,
  ),
  [`${T}/system/small`, { vcpus: '1', vram: '512', serial: '' }],
  [`${T}/network/net200+net300`, GONE],
  [`${T}/network/net200+net300/net/200`, GONE],
  [`${T}/storage/root`, GONE],
  [`${T}/storage/root/disk/sda`, disk],
  ['/provisioner/userdata/ud', { data: '#cloud-config\n# a={{args.a}} b={{args.b}}\n' }],
  ['/provisioner/userdata/spare-userdata', { data: '' }],
  ['/provisioner/script/sc', { data: 'def install(**kwargs): pass\n' }],
  ['/provisioner/script/spare-script', { data: '' }],
  [
    `${P}/web`,
    {
      system_template: 'small',
      network_template: 'net200+net300',
      storage_template: 'root',
      userdata: 'ud',
      script: 'sc',
      arg: ['a=1', 'b=1'],
    },
  ],
  ...POOL_FIXTURE,
];
