import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { profileDocument, profileFileSchema } from '../../api/dialects/pvc/profile-document.ts';
import { checkProfile } from '../../cli/profile/check.ts';
import { readProfile } from '../../cli/profile/directory.ts';
import type { Guest } from '../../domain/guest.ts';
import type { Mac, NodeName, VmId, Vni } from '../../domain/ids.ts';
import { buildArguments } from '../../domain/script.ts';
import { renderUserdata } from '../../templates/cloud-init/userdata.ts';
import { type Lab, missing, openLab } from './installer-lab.ts';

const reason = missing();
const text = readFileSync(new URL('../../docs/template-authors.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/^```(\w+)(?: (\w+)=(\S+))?\n([\s\S]*?)^```$/gm)].map(
  ([, kind, role, name, body]) => ({
    ...{ kind, role, name: name ?? '', body: body ?? '' },
  }),
);
const file = (name: string): string => blocks.find((block) => block.role === 'file' && block.name === name)?.body ?? '';

const guest = (userdata: string, args: Readonly<Record<string, string>>): Guest => ({
  ...{ id: 'u' as VmId, name: 'web1', node: 'hv1' as NodeName, profile: 'from-archive', args, userdata },
  nics: [
    {
      ...{ vni: 100 as Vni, mac: '52:54:00:11:22:33' as Mac, ip: null, network: null, gateway: null, dhcp: true },
      ...{ nameServers: [], domain: null, mtu: null },
    },
  ],
});

describe.skipIf(reason)(`docs/template-authors.md${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let lab: Lab;
  let dir: string;
  beforeEach(async () => {
    lab = await openLab();
    dir = join(lab.dir, 'profile');
    mkdirSync(dir);
    for (const { role, name, body } of blocks) if (role === 'file') writeFileSync(join(dir, name), body);
  });
  afterEach(() => lab.close());

  it('has an example that is well-formed', async () => {
    expect(await checkProfile(dir)).toMatchObject({ document: { name: 'from-archive' }, mistakes: [], notes: [] });
  });

  it('has an example whose build() and install() do what it says', async () => {
    const { script = '', disks = [], arguments: args = {} } = readProfile(dir);
    const root = join(lab.dir, 'rootfs');
    for (const name of ['etc', 'boot']) mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, 'boot/vmlinuz'), 'a kernel');
    await promisify(execFile)('tar', ['-czf', join(lab.images, args.archive ?? ''), '-C', root, '.']);
    const [disk] = disks;
    const options = { filesystem: disk?.filesystem ?? null, mountpoint: disk?.mountpoint ?? null };
    const base = await lab.disk(disk?.id ?? '', options);
    const built = await lab.call(script, [base], { entry: 'build', args: buildArguments(script, args) });
    expect(built.lines).toEqual(['unpacking rootfs.tar.gz']);
    const own = await lab.disk(disk?.id ?? '', { ...options, cloneOf: base.volume });
    const { result } = await lab.call(script, [own], { args, vmName: 'web1' });
    expect(await readFile(result.boot?.kernel ?? '', 'utf8')).toBe('a kernel');
    expect(result.boot?.cmdline).toBe('root=/dev/vda ro console=ttyS0');
    expect(await lab.text(own, '/etc/hostname')).toBe('web1\n');
    expect(await lab.text(own, '/etc/fstab')).toBe('/dev/vda / ext4 defaults 0 1\n');
  });

  it('shows the user-data that the example makes', () => {
    const result = blocks.find(({ role }) => role === 'result')?.body;
    expect(renderUserdata(guest(file('userdata.yaml'), { greeting: 'hello' }))).toBe(result);
  });

  it('lists every key of profile.yaml', () => {
    const whole: unknown = parse(blocks.find(({ body }) => body.includes('macTemplate'))?.body ?? '');
    expect(profileDocument.safeParse(whole).error).toBeUndefined();
    const { properties } = profileFileSchema() as { properties: Readonly<Record<string, unknown>> };
    expect(Object.keys(whole as object).sort()).toEqual(Object.keys(properties).sort());
  });

  it('lists every keyword argument', async () => {
    const script =
      'def install(**kwargs):\n  print(*sorted(kwargs), *sorted(kwargs["disks"][0]), *sorted(kwargs["networks"][0]))\n';
    const { lines } = await lab.call(script, [await lab.disk('sda')]);
    const table = text.slice(text.indexOf('| keyword |'), text.indexOf('| *your own* |'));
    const told = [...table.matchAll(/`\{?([a-z_, ]+)\}?`/g)].flatMap(([, words]) => (words ?? '').split(', '));
    for (const word of lines[0]?.split(' ') ?? []) expect(told).toContain(word);
  });

  it('says what build() gets nothing of: all that would make its image the image of one VM', () => {
    const table = text.slice(text.indexOf('| keyword |'), text.indexOf('| *your own* |'));
    const alone = table.split('\n').filter((row) => row.includes('(`install()` only'));
    expect(alone.map((row) => row.split('`')[1])).toEqual(['vm_name', 'vm_id', 'networks']);
  });

  it('lists every variable of user-data', () => {
    const table = text.slice(text.indexOf('| variable |'), text.indexOf('`{{json value}}`'));
    for (const word of ['vm.name', 'vm.uuid', 'vm.profile', 'vm.node']) expect(table).toContain(`\`${word}\``);
    const nic = [...table.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name).filter((name) => name !== 'networks');
    const listing = renderUserdata(guest('{{#each networks}}{{#each this}}{{@key}} {{/each}}{{/each}}', {}));
    expect(nic).toEqual(listing.trim().split(' '));
  });
});
