import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import type { Vni } from '../../../domain/ids.ts';
import type { Network } from '../../../domain/network.ts';
import { ADMIN, type Cluster, cluster, NETWORK, request, rowsOf } from './cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
});
afterEach(() => c.close());

const IP4 = { network: '10.9.0.0/24', gateway: '10.9.0.1', dhcp: { start: '10.9.0.10', end: '10.9.0.20' } };
const NEW: Network = { ...NETWORK, vni: 300 as Vni, description: 'new', ip4: IP4 };
const create = (change: Partial<Network>) => c.services.networks.create(ADMIN, { ...NEW, ...change });

it.each<[string, Partial<Network>, object]>([
  ['no number', { vni: 0 as Vni }, { field: 'vni' }],
  ['a number beyond VXLAN', { vni: (2 ** 24) as Vni }, { field: 'vni' }],
  ['no description', { description: '' }, { field: 'description' }],
  ['a description that is a VNI', { description: '200' }, { field: 'description' }],
  ['a number taken', { vni: 100 as Vni }, { kind: 'exists', ref: '100' }],
  ['a description taken', { description: 'default' }, { kind: 'exists', ref: 'default' }],
  ['a tiny MTU', { mtu: 100 }, { field: 'mtu' }],
  ['a name server that is a name', { nameServers: ['dns'] }, { field: 'name_servers' }],
  ['addresses on a bridged network', { type: 'bridged' }, { field: 'ip4_network' }],
  ['translation without addresses', { ip4: null }, { field: 'nat' }],
  ['a domain that is none', { domain: 'bad domain_x' }, { field: 'domain' }],
  [
    'no address yet',
    { ip4: { ...IP4, network: '0.0.0.0/8', gateway: '0.0.0.1', dhcp: null } },
    { field: 'ip4_network' },
  ],
  [
    'loopback',
    { ip4: { ...IP4, network: '127.0.0.0/24', gateway: '127.0.0.1', dhcp: null } },
    { field: 'ip4_network' },
  ],
  [
    "the metadata service's network",
    { ip4: { network: '169.254.0.0/16', gateway: '169.254.169.254', dhcp: null } },
    { field: 'ip4_network' },
  ],
  ['a host as network', { ip4: { ...IP4, network: '10.9.0.1/24' } }, { field: 'ip4_network' }],
  [
    'an overlap',
    { ip4: { ...IP4, network: '10.1.0.0/16', gateway: '10.1.9.1', dhcp: null } },
    { field: 'ip4_network' },
  ],
  ['a gateway outside', { ip4: { ...IP4, gateway: '10.8.0.1' } }, { field: 'ip4_gateway' }],
  ['the broadcast address as gateway', { ip4: { ...IP4, gateway: '10.9.0.255' } }, { field: 'ip4_gateway' }],
  ['a range outside', { ip4: { ...IP4, dhcp: { start: '10.9.0.10', end: '10.9.1.1' } } }, { field: 'dhcp4_end' }],
  [
    "a range of nothing but the gateway's address",
    { ip4: { ...IP4, dhcp: { start: '10.9.0.1', end: '10.9.0.1' } } },
    { field: 'dhcp4_end' },
  ],
  ['a range backwards', { ip4: { ...IP4, dhcp: { start: '10.9.0.10', end: '10.9.0.9' } } }, { field: 'dhcp4_end' }],
])('refuses %s', async (_, change, fault) => {
  const rows = rowsOf(c.file);
  await expect(create(change)).rejects.toMatchObject({ fault });
  expect(rowsOf(c.file)).toBe(rows);
});

it('is made, found by number and description, and removed on every node', async () => {
  await create({});
  expect(await c.services.networks.get(ADMIN, '300')).toEqual(NEW);
  expect(await c.services.networks.get(ADMIN, 'new')).toEqual(NEW);
  expect((await c.services.networks.list(ADMIN, '^ne')).map(({ vni }) => vni)).toEqual([300]);
  const task = await c.services.networks.remove(ADMIN, 'new');
  expect(task).toMatchObject({ kind: 'network.remove', target: '300' });
  // Asked again, it is the same task's work.
  expect((await c.services.networks.remove(ADMIN, 'new')).id).toBe(task.id);
  await c.settled();
  expect(c.jobs.started).toMatchObject([{ kind: 'network.remove', target: '300', input: { nodes: ['hv1'] } }]);
  await controlActivities(c.store).forgetNetwork(300 as Vni);
  await expect(c.services.networks.get(ADMIN, '300')).rejects.toMatchObject({ fault: { kind: 'not-found' } });
});

it('can be removed again after a removal that failed', async () => {
  await create({});
  await c.services.networks.remove(ADMIN, '300');
  await c.settled();
  await controlActivities(c.store).finishTask(c.jobs.started[0]!.id, { state: 'FAILURE', status: 'no', error: 'no' });
  await c.services.networks.remove(ADMIN, '300');
  await c.settled();
  expect(c.jobs.started).toHaveLength(2);
});

it('stays while a template or a VM uses it, naming them', async () => {
  await c.profile();
  await expect(c.services.networks.remove(ADMIN, '100')).rejects.toThrow(
    /network templates: web\. .* DELETE \/provisioner\/template\/network\/NAME\/net\/100, or .*\/network\/NAME\.$/,
  );
  await c.services.provisioner.create(ADMIN, request());
  await expect(c.services.networks.remove(ADMIN, '100')).rejects.toThrow('VMs: web1');
});

it('is for administrators to change, and for all to read', async () => {
  const user = { ...ADMIN, role: 'user' } as const;
  await expect(c.services.networks.create(user, NEW)).rejects.toMatchObject({ fault: { kind: 'forbidden' } });
  await expect(c.services.networks.remove(user, '100')).rejects.toMatchObject({ fault: { kind: 'forbidden' } });
  expect(await c.services.networks.list(user)).toHaveLength(1);
});
