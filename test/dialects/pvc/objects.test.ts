import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, type Served, served } from '../served.ts';
import { type Fixture, makeFixture } from './fixture.ts';

let world: Served;
let fixture: Fixture;
beforeAll(async () => {
  fixture = await makeFixture();
  world = await served({}, {}, fixture.file);
});
afterAll(async () => {
  await world.close();
  fixture.remove();
});

/** What later PVC's client reads of each object: without any of these keys it crashes (its own code was tried key by key). */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  '/node': [
    'name',
    'daemon_state',
    'coordinator_state',
    'domain_state',
    'cpu_count',
    'kernel',
    'os',
    'arch',
    'load',
    'domains_count',
    'vcpu',
    'memory',
    'pvc_version',
    'health',
    'health_plugins',
    'health_details',
  ],
  '/vm': [
    'name',
    'uuid',
    'state',
    'node',
    'last_node',
    'migrated',
    'failed_reason',
    'tags',
    'snapshots',
    'description',
    'profile',
    'memory',
    'vcpu',
    'vcpu_topology',
    'memory_stats',
    'vcpu_stats',
    'vnc',
    'networks',
    'type',
    'arch',
    'machine',
    'emulator',
    'features',
    'disks',
    'controllers',
    'xml',
  ],
  '/network': ['vni', 'description', 'type', 'mtu', 'domain', 'name_servers', 'ip6', 'ip4'],
  '/provisioner/template/system': [
    'id',
    'name',
    'vcpu_count',
    'vram_mb',
    'serial',
    'vnc',
    'vnc_bind',
    'node_limit',
    'node_selector',
    'node_autostart',
    'start_with_node',
    'migration_method',
    'migration_max_downtime',
    'ova',
  ],
  '/provisioner/template/network': ['id', 'name', 'mac_template', 'networks'],
  '/provisioner/template/storage': ['id', 'name', 'disks'],
  '/provisioner/template/storage/root/disk': [
    'id',
    'storage_template',
    'pool',
    'disk_id',
    'disk_size_gb',
    'mountpoint',
    'filesystem',
    'filesystem_args',
    'source_volume',
  ],
  '/provisioner/userdata': ['id', 'name', 'userdata'],
  '/provisioner/script': ['id', 'name', 'script'],
  '/provisioner/profile': [
    'id',
    'name',
    'type',
    'system_template',
    'network_template',
    'storage_template',
    'userdata',
    'userdata_template',
    'script',
    'ova',
    'arguments',
  ],
};

it.each(Object.entries(NEEDED))('%s has every key a client needs', async (path, keys) => {
  const { body } = await client(world.origin)('GET', path);
  expect(body.length).toBeGreaterThan(0);
  for (const one of body) expect(Object.keys(one)).toEqual(expect.arrayContaining([...keys]));
});

it('gives the objects that were reviewed', async () => {
  const paths = [
    ...Object.keys(NEEDED),
    '/node/hv1/daemon-state',
    '/vm/web1/state',
    '/vm/web1/node',
    '/tasks',
    '/storage/volume',
    '/provisioner/template/network/net200+net300/net/200',
  ];
  const pairs: Record<string, unknown> = {};
  for (const path of paths) pairs[`GET ${path}`] = (await client(world.origin)('GET', path)).body;
  // An age is another every second.
  const text = JSON.stringify(pairs, (key, value) => (key === 'age' ? 0 : value), 2);
  await expect(`${text}\n`).toMatchFileSnapshot(join(import.meta.dirname, '../../golden/pvc.objects.json'));
});
