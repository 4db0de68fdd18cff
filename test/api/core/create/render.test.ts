import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Rendering } from '../../../../api/core/create/render.ts';
import { ADMIN, BUILDING, type Cluster, cluster, NETWORK, request, rowsOf } from '../cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.node('hv2', { load: 1, memoryUsed: 4096 });
  await c.profile({
    networks: [100, 100],
    userdata: '#cloud-config\nhostname: {{vm.name}}\nsuite: {{args.suite}}\nip: {{networks.1.ip}}\n',
  });
});
afterEach(() => c.close());

const NEW = { name: 'web7', profile: 'web', args: ['suite=trixie'] };

it('creates nothing', async () => {
  const rows = rowsOf(c.file);
  await c.services.provisioner.render(ADMIN, NEW);
  await c.services.provisioner.render({ ...ADMIN, role: 'viewer' }, NEW);
  await c.settled();
  expect(rowsOf(c.file)).toBe(rows);
  expect(c.jobs.started).toEqual([]);
});

it.each([
  ['a script that installs', {}],
  ['a script that builds', { script: BUILDING }],
  ['a MAC template', { macTemplate: '{prefix}:aa:0{vmid}:0{netid}' }],
])('shows what a creation gets: %s', async (_, profile) => {
  await c.profile({ networks: [100, 100], userdata: '#cloud-config\nhostname: {{vm.name}}\n', ...profile });
  const shown = await c.services.provisioner.render(ADMIN, NEW);
  await c.services.provisioner.create(ADMIN, request(NEW));
  const vm = await c.services.vms.get(ADMIN, 'web7');
  const { id, node, nics, disks } = vm;
  const own: Pick<Rendering, 'node' | 'nics' | 'disks'> = {
    node,
    nics: nics.map(({ vni, mac, ip }) => ({ vni, mac, ip })),
    disks: disks.map(({ name, pool, size, filesystem }) => ({ name, pool, sizeMiB: size, filesystem })),
  };
  expect(shown).toMatchObject(own);
  for (const { mac } of nics) expect(shown.xml).toContain(mac);
  // Another VM's identity: it is minted when the VM is created.
  expect(shown.xml).not.toContain(id);
});

it.each([
  ['MACs of the name', {}],
  ['a MAC template', { macTemplate: '{prefix}:aa:0{vmid}:0{netid}' }],
])('shows it for a VM that is there, which stays all it can be created as: %s', async (_, profile) => {
  await c.profile({ networks: [100, 100], ...profile });
  await c.services.provisioner.create(ADMIN, request(NEW));
  const { nics, disks } = await c.services.vms.get(ADMIN, 'web7');
  const shown = await c.services.provisioner.render(ADMIN, { ...NEW, name: 'WEB7' });
  expect(shown.nics.map(({ mac }) => mac)).toEqual(nics.map(({ mac }) => mac));
  expect(shown.disks.map(({ name }) => name.toLowerCase())).toEqual(disks.map(({ name }) => name));
  await expect(c.services.provisioner.create(ADMIN, request(NEW))).rejects.toMatchObject({ fault: { kind: 'exists' } });
});

it('refuses a MAC that another VM has, also where nothing is made', async () => {
  await c.profile({ networks: [100], macTemplate: '{prefix}:aa:00:0{netid}' });
  await c.services.provisioner.create(ADMIN, request(NEW));
  await expect(c.services.provisioner.render(ADMIN, { ...NEW, name: 'web8' })).rejects.toThrow("which VM 'web7' has");
});

it('shows every document and what would be run', async () => {
  await c.profile({
    script: BUILDING,
    networks: [100, 100],
    userdata: '#cloud-config\nhostname: {{vm.name}}\nsuite: {{args.suite}}\n',
  });
  const { xml, userData, metaData, networkConfig, commands, nics } = await c.services.provisioner.render(ADMIN, NEW);
  expect(userData).toBe('#cloud-config\nhostname: web7\nsuite: trixie\n');
  const { 'instance-id': id, ...meta } = JSON.parse(metaData);
  expect(meta).toEqual({ 'local-hostname': 'web7.example.internal' });
  expect(xml).toContain(`<uuid>${id}</uuid>`);
  expect(xml).toMatch(/<name>web7<.*vms\/web7_sda-.*vmbr100.*vmbr100/s);
  expect(JSON.parse(networkConfig ?? '').ethernets).toHaveProperty('eth1');
  const base = /vms\/(base-[0-9a-f]{16})_sda/.exec(commands[0] ?? '')?.[1];
  expect(commands.map((line) => line.replaceAll(id.slice(0, 8), 'VM').replaceAll(String(base), 'BASE'))).toEqual([
    'create volume vms/BASE_sda of 4096 MiB',
    'mkfs.ext4 vms/BASE_sda',
    'create volume vms/BASE_sdb of 1024 MiB',
    'build(temporary_directory, disks, networks, suite="trixie")',
    'clone volume vms/BASE_sda to vms/web7_sda-VM',
    'clone volume vms/BASE_sdb to vms/web7_sdb-VM',
    'install(vm_name="web7", vm_id=7, temporary_directory, disks, networks, suite="trixie")',
    `lease ${nics[0]?.mac} 10.1.0.10 on vmbr100`,
    `lease ${nics[1]?.mac} 10.1.0.11 on vmbr100`,
    'virsh define web7.xml',
    'virsh start web7',
  ]);
});

it('gives free addresses only, the lowest first', async () => {
  await c.profile();
  await c.services.networks.create(ADMIN, {
    ...NETWORK,
    vni: 101 as never,
    description: 'narrow',
    // The gateway is inside the range: never a guest's.
    ip4: { network: '10.3.0.0/29', gateway: '10.3.0.2', dhcp: { start: '10.3.0.1', end: '10.3.0.3' } },
  });
  await c.profile({ networks: [101] });
  const ips: (string | null | undefined)[] = [];
  for (const name of ['a', 'b']) {
    ips.push((await c.services.provisioner.render(ADMIN, { name, profile: 'web', args: [] })).nics[0]?.ip);
    await c.services.provisioner.create(ADMIN, request({ name }));
  }
  expect(ips).toEqual(['10.3.0.1', '10.3.0.3']);
  await expect(c.services.provisioner.create(ADMIN, request({ name: 'c' }))).rejects.toThrow('no free address');
});

it('shows a profile as a document has it, which nothing is made of', async () => {
  const document = {
    ...(await c.services.profiles.export(ADMIN, 'web')),
    script: `${BUILDING}\n# edited\n`,
    userdata: 'edited',
  };
  const rows = rowsOf(c.file);
  const shown = await c.services.provisioner.render(ADMIN, { ...NEW, document });
  expect(shown.userData).toBe('edited');
  expect(rowsOf(c.file)).toBe(rows);
  const fresh = { ...document, name: 'unheard-of' };
  await c.services.provisioner.render(ADMIN, { ...NEW, profile: 'unheard-of', document: fresh });
  await expect(c.services.provisioner.render({ ...ADMIN, role: 'user' }, { ...NEW, document })).rejects.toThrow(
    'admin',
  );
  expect(rowsOf(c.file)).toBe(rows);
});
