import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CreateRequest } from '../../../../api/core/create/request.ts';
import type { Vni } from '../../../../domain/ids.ts';
import type { Principal } from '../../../../domain/principal.ts';
import { deleteNetwork, markNetworkRemoving } from '../../../../store/network.ts';
import { findNetworkTemplate, insertNet } from '../../../../store/network-template.ts';
import { insertVolumes } from '../../../../store/volume.ts';
import { ADMIN, type Cluster, cluster, NETWORK, request, rowsOf } from '../cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1', { pools: [{ name: 'vms', total: 100_000, free: 50_000 }] });
  await c.node('hv2', { facts: { filesystems: ['ext4', 'xfs'] } });
  await c.profile();
});
afterEach(() => c.close());

interface Case {
  readonly prepare?: () => Promise<unknown>;
  readonly ask?: Partial<CreateRequest>;
  readonly who?: Principal;
  /** Nothing is made, so nothing is in its way. */
  readonly renders?: true;
  readonly fault: object;
}

const why = (text: string) => expect.stringContaining(text);
const disk = (change: object) => ({ disks: [{ id: 'sda', pool: 'vms', sizeGiB: 1, ...change }] });
/** A volume that a VM left behind. */
const keep = (name: string, tenant: string) =>
  c.store.write(async (tx) => {
    const kept = { volume: 'old', name, pool: 'vms', diskId: 'sda', size: 1, fill: { kind: 'blank' } };
    const row = { ...kept, filesystem: null, filesystemArgs: [], mountpoint: null } as never;
    await insertVolumes(tx, [row], { vm: null, tenant, node: 'hv1' } as never);
  });
const imported = (name: string) => c.profile({ disks: [{ id: 'sda', pool: 'vms', sourceVolume: name }] });

const CASES: Readonly<Record<string, Case>> = {
  'an unknown profile': {
    ask: { profile: 'nope' },
    fault: { kind: 'not-found', what: 'profile', ref: 'nope' },
  },
  'a bad name': { ask: { name: 'web_1' }, fault: { kind: 'invalid', field: 'name' } },
  'an empty name': { ask: { name: '' }, fault: { kind: 'invalid', field: 'name' } },
  'a long name': {
    ask: { name: 'w'.repeat(64) },
    fault: { kind: 'invalid', field: 'name', why: why('is longer than 63 characters') },
  },
  "a name that could be another VM's UUID": {
    ask: { name: '0B6C7AD1-2a3b-4c5d-8e9f-001122334455' },
    fault: { kind: 'invalid', field: 'name', why: why('is a UUID') },
  },
  'a name taken': {
    prepare: () => c.services.provisioner.create(ADMIN, request({ name: 'WEB1' })),
    renders: true,
    fault: { kind: 'exists', what: 'VM', ref: 'WEB1', because: 'names are compared without regard to case' },
  },
  'an argument without value': { ask: { args: ['suite'] }, fault: { kind: 'invalid', field: 'arg' } },
  'an argument that Python cannot name': { ask: { args: ['a-b=1'] }, fault: { kind: 'invalid', field: 'arg' } },
  'an argument of the platform': {
    ask: { args: ['vm_name=x'] },
    fault: { kind: 'invalid', field: 'arg', why: why("'vm_name' is what Slipway itself gives every script") },
  },
  'an unknown storage pool': {
    prepare: () => c.profile(disk({ pool: 'ssd' })),
    fault: { kind: 'invalid', field: 'pool', why: why("'ssd'") },
  },
  'a filesystem that no node can make': {
    prepare: () => c.profile(disk({ filesystem: 'reiserfs' })),
    fault: { kind: 'invalid', field: 'filesystem', why: why('no node has the program mkfs.reiserfs') },
  },
  'a filesystem that only a full node can make': {
    prepare: async () => {
      await c.node('hv1', { memoryUsed: 16_000 });
      await c.profile(disk({ filesystem: 'swap' }));
    },
    fault: { kind: 'no-capacity', why: why('hv2: it has no program mkswap') },
  },
  'a pool without space': {
    prepare: async () => {
      await c.node('hv2', { pools: [{ name: 'vms', total: 100_000, free: 1_000 }] });
      await c.profile(disk({ sizeGiB: 60 }));
    },
    fault: {
      kind: 'no-capacity',
      why: expect.stringMatching(/hv1: storage pool 'vms' has 50000 MiB free, 61440 wanted; hv2: .* has 1000 MiB free/),
    },
  },
  'no node with memory': {
    prepare: () => c.profile({ system: { vcpus: 1, memoryMiB: 20_000 } }),
    fault: {
      kind: 'no-capacity',
      why: "No node can take VM 'web1': hv1: 14848 MiB of memory free, 20000 wanted; hv2: 14848 MiB of memory free, 20000 wanted.",
    },
  },
  'no node with vCPUs': {
    prepare: () => c.profile({ system: { vcpus: 129, memoryMiB: 512 } }),
    fault: { kind: 'no-capacity', why: why('hv1: 128 vCPUs free, 129 wanted') },
  },
  'nodes outside the limit': {
    prepare: () => c.profile({ system: { vcpus: 1, memoryMiB: 512, nodeLimit: ['hv9'] } }),
    fault: { kind: 'no-capacity', why: why("hv1: it is not in the system template's node limit") },
  },
  'a source volume that does not exist': {
    prepare: () => imported('golden_sda'),
    fault: { kind: 'invalid', field: 'source_volume', why: why("'golden_sda'") },
  },
  "another tenant's source volume, as if there were none": {
    prepare: async () => {
      await keep('golden_sda', 'acme');
      await imported('golden_sda');
    },
    who: { account: 'ann', tenant: 'default', role: 'user' },
    fault: { kind: 'invalid', field: 'source_volume', why: "there is no volume 'golden_sda' in storage pool 'vms'." },
  },
  'a source volume of a VM that is not at rest': {
    prepare: async () => {
      await c.services.provisioner.create(ADMIN, request({ name: 'golden' }));
      await imported('golden_sda');
    },
    fault: { kind: 'invalid', field: 'source_volume', why: why("VM 'golden', which is provisioning") },
  },
  'a network that is being removed': {
    prepare: () => c.store.write((tx) => markNetworkRemoving(tx, NETWORK.vni, 'x' as never)),
    fault: { kind: 'invalid', field: 'vni', why: why('is being removed') },
  },
  'an unknown network': {
    prepare: () => c.store.write((tx) => deleteNetwork(tx, NETWORK.vni)),
    fault: { kind: 'invalid', field: 'vni', why: 'there is no network 100.' },
  },
  'a network without a free address': {
    prepare: async () => {
      for (const name of ['a', 'b', 'c', 'd']) await c.services.provisioner.create(ADMIN, request({ name }));
    },
    fault: { kind: 'no-capacity', why: why('Network 100 has no free address') },
  },
  'a MAC address taken': {
    prepare: async () => {
      await c.profile({ macTemplate: '{prefix}:ff:f{vmid}:0{netid}' });
      await c.services.provisioner.create(ADMIN, request({ name: 'db1' }));
    },
    fault: { kind: 'invalid', field: 'mac_template', why: "it makes 52:54:00:ff:f1:00, which VM 'db1' has." },
  },
  'a MAC template that makes one address for two devices': {
    prepare: async () => {
      await c.profile({ macTemplate: '{prefix}:ff:f{vmid}:01' });
      await c.store.write(async (tx) => insertNet(tx, (await findNetworkTemplate(tx, 'web'))!.id, 100 as Vni));
    },
    fault: { kind: 'invalid', field: 'mac_template', why: why("which VM 'web1' has") },
  },
  'a script without install() and build()': {
    prepare: () => c.services.templates.updateText(ADMIN, 'script', 'web', 'def setup(**kwargs):\n    pass\n'),
    fault: { kind: 'invalid', field: 'script' },
  },
  'user-data with a hole that has no value': {
    prepare: () => c.profile({ userdata: '#cloud-config\npassword: {{args.password}}\n' }),
    fault: { kind: 'invalid', field: 'userdata', why: why("'args.password'") },
  },
  'waiting for cloud-init unseen': {
    prepare: async () => {
      await c.profile({ wait: 'cloud-init' });
      await c.services.templates.updateSystem(ADMIN, 'web', { serial: false });
    },
    fault: { kind: 'invalid', field: 'wait' },
  },
  'a volume that a deleted VM left behind': {
    prepare: () => keep('web1_sda', 'default'),
    renders: true,
    fault: { kind: 'exists', what: 'volume', ref: 'vms/web1_sda' },
  },
  'those who may only read': { who: { ...ADMIN, role: 'viewer' }, fault: { kind: 'forbidden' } },
  'a key that is too long': { ask: { idempotencyKey: 'k'.repeat(256) }, fault: { kind: 'invalid' } },
};

it.each(Object.entries(CASES))('refuses %s, and changes nothing', async (_, { prepare, ask, who = ADMIN, fault }) => {
  await prepare?.();
  await c.settled();
  const [rows, started] = [rowsOf(c.file), c.jobs.started.length];
  await expect(c.services.provisioner.create(who, request(ask))).rejects.toMatchObject({ fault });
  await c.settled();
  expect(rowsOf(c.file)).toBe(rows);
  expect(c.jobs.started).toHaveLength(started);
});

it('refuses what render refuses, besides what is there already', async () => {
  for (const { prepare, ask, who, renders, fault } of Object.values(CASES)) {
    if (who || ask?.idempotencyKey) continue;
    const own = c;
    c = await cluster();
    try {
      await c.node('hv1', { pools: [{ name: 'vms', total: 100_000, free: 50_000 }] });
      await c.node('hv2', { facts: { filesystems: ['ext4', 'xfs'] } });
      await c.profile();
      await prepare?.();
      const shown = c.services.provisioner.render(ADMIN, request(ask));
      if (renders) await expect(shown).resolves.toHaveProperty('xml');
      else await expect(shown).rejects.toMatchObject({ fault });
    } finally {
      await c.close();
      c = own;
    }
  }
});

it('says that there is no node', async () => {
  const empty = await cluster();
  try {
    await empty.profile();
    await expect(empty.services.provisioner.create(ADMIN, request())).rejects.toThrow(
      "No node can take VM 'web1': no node is known.",
    );
  } finally {
    await empty.close();
  }
});
