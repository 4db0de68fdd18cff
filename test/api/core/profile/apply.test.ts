import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ProfileDocument } from '../../../../api/core/profile/document.ts';
import { poolWish } from '../../../pool-rows.ts';
import { ADMIN, type Cluster, cluster, inputOf, request, rowsOf } from '../cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
});
afterEach(() => c.close());

const FULL: ProfileDocument = {
  name: 'web+db',
  description: 'Everything.',
  system: {
    ...{ vcpus: 2, memoryMiB: 1024, serial: true, vnc: true, vncBind: '0.0.0.0' },
    ...{ nodeLimit: ['hv1'], nodeSelector: 'load', autostart: true },
  },
  networks: [100, 100],
  macTemplate: '{prefix}:aa:0{vmid}:0{netid}',
  disks: [
    { id: 'sda', pool: 'vms', sizeGiB: 4, filesystem: 'ext4', filesystemArgs: ['-L=root', '-m=1'], mountpoint: '/' },
    { id: 'sdb', pool: 'vms', sizeGiB: 1 },
    { id: 'sdc', pool: 'vms', sourceVolume: 'golden_sda' },
  ],
  arguments: { suite: 'bookworm', line: 'a=b=c' },
  wait: 'cloud-init',
  script: 'def install(**kwargs):\n    pass\n',
  userdata: '#cloud-config\n',
};
const SMALL: ProfileDocument = { name: 'small', system: { vcpus: 1, memoryMiB: 64 } };

it('is written as it was applied, and applying it again changes nothing', async () => {
  await c.services.profiles.apply(ADMIN, FULL);
  expect(await c.services.profiles.export(ADMIN, 'web+db')).toEqual(FULL);
  await c.services.profiles.apply(ADMIN, await c.services.profiles.export(ADMIN, 'web+db'));
  expect(await c.services.profiles.export(ADMIN, 'web+db')).toEqual(FULL);
  await c.services.profiles.apply(ADMIN, SMALL);
  expect(await c.services.profiles.export(ADMIN, 'small')).toMatchObject(SMALL);
});

it('keeps scripts and user-data without the byte order mark of an editor, by whichever way they come', async () => {
  const [script, userdata] = [FULL.script ?? '', FULL.userdata ?? ''];
  await c.services.profiles.apply(ADMIN, { ...FULL, script: `\uFEFF${script}`, userdata: `\uFEFF${userdata}` });
  expect(await c.services.profiles.export(ADMIN, FULL.name)).toEqual(FULL);
  await c.services.templates.updateText(ADMIN, 'script', FULL.name, `\uFEFF${script}`);
  await c.services.templates.createText(ADMIN, 'userdata', 'other', `\uFEFF${userdata}`);
  expect(await c.services.profiles.export(ADMIN, FULL.name)).toEqual(FULL);
  expect(await c.services.templates.getText(ADMIN, 'userdata', 'other')).toMatchObject({ text: userdata });
});

it('has its script under a name of its own, which other profiles may use, too, but none changes for them', async () => {
  const { profiles, templates } = c.services;
  const named = { ...FULL, scriptName: 'debootstrap' };
  await profiles.apply(ADMIN, named);
  expect(await profiles.get(ADMIN, FULL.name)).toMatchObject({ script: 'debootstrap', userdata: FULL.name });
  expect(await profiles.export(ADMIN, FULL.name)).toEqual(named);
  await profiles.apply(ADMIN, { ...named, script: `${FULL.script}# newer\n` });
  await profiles.apply(ADMIN, named);
  await profiles.apply(ADMIN, { ...named, name: 'other' });
  await expect(profiles.apply(ADMIN, { ...named, script: `${FULL.script}# newer\n` })).rejects.toMatchObject({
    fault: { kind: 'invalid', field: 'scriptName', why: expect.stringContaining('in use by the profiles other:') },
  });
  expect(await templates.getText(ADMIN, 'script', 'debootstrap')).toMatchObject({ text: FULL.script });
});

it('takes away what a newer document does not have', async () => {
  await c.services.profiles.apply(ADMIN, FULL);
  await c.services.profiles.apply(ADMIN, { ...SMALL, name: FULL.name });
  expect(await c.services.profiles.get(ADMIN, FULL.name)).toMatchObject({
    ...{ networkTemplate: null, storageTemplate: null, script: null, userdata: null, arguments: [], wait: 'running' },
  });
});

it('leaves VMs what they were accepted with', async () => {
  await c.profile({ script: 'def install(**kwargs):\n    first()\n' });
  const cmd = await inputOf(c.store, (await c.services.provisioner.create(ADMIN, request())).id);
  await c.profile({ script: 'def install(**kwargs):\n    second()\n', system: { vcpus: 4, memoryMiB: 4096 } });
  expect(await c.services.vms.get(ADMIN, 'web1')).toMatchObject({ vcpus: 1, memory: 512, id: cmd.vm });
  expect(rowsOf(c.file)).toContain('first()');
  const { controlActivities } = await import('../../../../activities/control.ts');
  await controlActivities(c.store).release(cmd.vm);
  await c.profile({ script: 'def install(**kwargs):\n    third()\n' });
  expect(rowsOf(c.file)).not.toContain('first()');
});

it.each<[string, object, string]>([
  ['a bad name', { name: 'a/b' }, 'name'],
  ['no memory', { system: { vcpus: 1, memoryMiB: 1 } }, 'system.memoryMiB'],
  ['an unknown selector', { system: { ...SMALL.system, nodeSelector: 'best' } }, 'system.nodeSelector'],
  ['an unknown network', { networks: [9] }, 'networks'],
  ['a MAC template that makes none', { macTemplate: '{nope}' }, 'macTemplate'],
  ['a disk id of IDE', { disks: [{ id: 'hda', pool: 'vms', sizeGiB: 1 }] }, 'disks.0.id'],
  ['two disks of one id', { disks: [1, 2].map((sizeGiB) => ({ id: 'sda', pool: 'vms', sizeGiB })) }, 'disks'],
  ['a size between two GiB', { disks: [{ id: 'sda', pool: 'vms', sizeGiB: 0.5 }] }, 'disks.0.sizeGiB'],
  ['a size beyond all', { disks: [{ id: 'sda', pool: 'vms', sizeGiB: 1e12 }] }, 'disks.0.sizeGiB'],
  ['more vCPUs than any has', { system: { vcpus: 1e9, memoryMiB: 64 } }, 'system.vcpus'],
  ['more memory than any has', { system: { vcpus: 1, memoryMiB: 1e15 } }, 'system.memoryMiB'],
  ['a limit to no node', { system: { ...SMALL.system, nodeLimit: [] } }, 'system.nodeLimit'],
  ['a limit to nodes in one text', { system: { ...SMALL.system, nodeLimit: ['hv1,hv2'] } }, 'system.nodeLimit'],
  [
    'words for mkfs with blanks',
    { disks: [{ id: 'sda', pool: 'vms', sizeGiB: 1, filesystem: 'ext4', filesystemArgs: ['-L a b'] }] },
    'disks.0.filesystemArgs',
  ],
  ['a name that is too long', { name: 'n'.repeat(300) }, 'name'],
  [
    'a mountpoint without filesystem',
    { disks: [{ id: 'sda', pool: 'vms', sizeGiB: 1, mountpoint: '/' }] },
    'disks.0.mountpoint',
  ],
  ['an argument of the platform', { arguments: { disks: 'x' } }, 'arguments.disks'],
  ['a script without install() and build()', { script: 'x = 1\n' }, 'script'],
  ['a name for a script that there is not', { scriptName: 'x' }, 'scriptName'],
  ['a bad name for a script', { script: FULL.script, scriptName: 'a b' }, 'scriptName'],
  ['a wait that cannot be seen', { wait: 'cloud-init', system: { ...SMALL.system, serial: false } }, 'wait'],
  ['an unknown wait', { wait: 'for ever' }, 'wait'],
])('refuses %s, and changes nothing', async (_, change, field) => {
  await c.services.profiles.apply(ADMIN, SMALL);
  const rows = rowsOf(c.file);
  await expect(c.services.profiles.apply(ADMIN, { ...SMALL, ...change })).rejects.toMatchObject({
    fault: { kind: 'invalid', field },
  });
  expect(rowsOf(c.file)).toBe(rows);
});

it('names every mistake in one refusal', async () => {
  const change = {
    ...{ name: 'a/b', system: { vcpus: 1, memoryMiB: 1 }, networks: [9, 100, 9] },
    disks: [{ id: 'hda', pool: 'vms', sizeGiB: 1 }],
  };
  await expect(c.services.profiles.apply(ADMIN, { ...SMALL, ...change })).rejects.toThrow(
    /^name: 'a\/b'.* system\.memoryMiB: must be .* disks\.0\.id: 'hda'.* networks: there is no network 9\.$/,
  );
});

it('keeps parts that a profile uses', async () => {
  await c.services.profiles.apply(ADMIN, FULL);
  const { templates } = c.services;
  for (const remove of [
    templates.removeSystem(ADMIN, FULL.name),
    templates.removeNetwork(ADMIN, FULL.name),
    templates.removeStorage(ADMIN, FULL.name),
    templates.removeText(ADMIN, 'script', FULL.name),
    templates.removeText(ADMIN, 'userdata', FULL.name),
  ])
    await expect(remove).rejects.toThrow('in use by the profiles: web+db');
  await c.services.profiles.remove(ADMIN, FULL.name);
  await templates.removeText(ADMIN, 'script', FULL.name);
});

it('is kept while VM pools are made from it', async () => {
  await c.services.profiles.apply(ADMIN, FULL);
  await c.services.pools.create(ADMIN, poolWish({ name: 'ci', profile: FULL.name, size: 0 }));
  await expect(c.services.profiles.remove(ADMIN, FULL.name)).rejects.toThrow(
    "Profile 'web+db' is used by VM pools: ci.",
  );
  await c.services.pools.remove(ADMIN, 'ci');
  await c.services.profiles.remove(ADMIN, FULL.name);
});
