import { expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import type { DomainError } from '../../../domain/fault.ts';
import type { Guest, GuestNic } from '../../../domain/guest.ts';
import type { Mac, NodeName, VmId, Vni } from '../../../domain/ids.ts';
import { renderSeed } from '../../../templates/cloud-init/seed.ts';
import { renderUserdata } from '../../../templates/cloud-init/userdata.ts';

const NIC: GuestNic = {
  vni: 100 as Vni,
  // Unquoted, YAML 1.1 reads this one as a number in base 60.
  mac: '52:54:00:12:34:56' as Mac,
  ip: '10.100.0.16',
  network: '10.100.0.0/16',
  gateway: '10.100.0.1',
  dhcp: true,
  nameServers: [],
  domain: 'slipway.internal',
  mtu: null,
};
const BRIDGED: GuestNic = {
  ...NIC,
  vni: 200 as Vni,
  mac: '52:54:00:12:34:57' as Mac,
  ip: null,
  network: null,
  gateway: null,
  dhcp: false,
  domain: null,
  mtu: 9000,
};
const GUEST: Guest = {
  id: '6b1c2f0e-0000-4000-8000-000000000001' as VmId,
  name: 'web1',
  node: 'hv1' as NodeName,
  profile: 'debian-12',
  args: { greeting: 'say "hi": yes', empty: '' },
  userdata: '#cloud-config\nhostname: {{vm.name}}\nruncmd:\n  - [echo, {{json args.greeting}}]\n',
  nics: [NIC],
};
const MULTIPART = [
  'Content-Type: multipart/mixed; boundary="=="',
  'MIME-Version: 1.0',
  '',
  '--==',
  'Content-Type: text/cloud-config',
  '',
  'hostname: {{vm.name}}',
  '--==',
  'Content-Type: text/x-shellscript',
  '',
  '#!/bin/sh',
  'echo $HOME "$(date)" {{networks.0.ip}}',
  '--==--',
  '',
].join('\r\n');

it.each<[string, Guest]>([
  ['managed', GUEST],
  [
    'two-networks',
    {
      ...GUEST,
      nics: [
        { ...NIC, nameServers: ['192.0.2.53'] },
        { ...NIC, mac: '52:54:00:12:34:58' as Mac, ip: '10.100.0.17' },
        BRIDGED,
      ],
    },
  ],
  ['bridged-only', { ...GUEST, nics: [BRIDGED], userdata: null }],
  ['multi-part', { ...GUEST, userdata: MULTIPART }],
  ['no-network', { ...GUEST, nics: [] }],
])('writes the NoCloud seed %s', async (name, guest) => {
  const { metaData, userData, networkConfig } = renderSeed(guest);
  const golden = (file: string): string => `../../golden/seed/${name}.${file}`;
  await expect(metaData).toMatchFileSnapshot(golden('meta-data'));
  await expect(userData).toMatchFileSnapshot(golden('user-data'));
  if (networkConfig === null) expect(guest.nics).toEqual([]);
  else await expect(networkConfig).toMatchFileSnapshot(golden('network-config'));
});

it('writes YAML in which nothing is read as anything but itself', () => {
  const hostile = { ...GUEST, name: 'yes', nics: [{ ...NIC, mac: '52:54:00:12:34:56' as Mac, domain: 'no' }] };
  const { metaData, networkConfig } = renderSeed(hostile);
  expect(parse(metaData, { version: '1.1' })).toEqual({ 'instance-id': GUEST.id, 'local-hostname': 'yes.no' });
  const { eth0 } = parse(networkConfig ?? '', { version: '1.1' }).ethernets;
  expect(eth0.match.macaddress).toBe('52:54:00:12:34:56');
});

it('leaves multi-part documents whole', () => {
  expect(renderUserdata({ ...GUEST, userdata: MULTIPART })).toBe(
    MULTIPART.replace('{{vm.name}}', 'web1').replace('{{networks.0.ip}}', '10.100.0.16'),
  );
});

it.each([
  ['a value', MULTIPART.replace('{{vm.name}}', '{{json args.who}}'), 'line 7'],
  ['the text', `preamble\nMiMe-vErSiOn: 1.0\n\n€`, 'line 4'],
])('refuses a multi-part document whose non-ASCII characters cloud-init would lose: in %s', (_, userdata, line) => {
  const args = { who: 'Zoë' };
  expect(() => renderSeed({ ...GUEST, args, userdata })).toThrow(`userdata: ${line} has a character other than ASCII`);
  // A guest that has it all the same is served what its author wrote.
  expect(renderUserdata({ ...GUEST, args, userdata })).toMatch(/Zoë|€/);
});

it('lets other documents have any character', () => {
  for (const userdata of ['#cloud-config\nx: €\n', `#!/bin/sh\n${'x'.repeat(4096)}MIME-Version: é`])
    expect(renderSeed({ ...GUEST, userdata }).userData).toBe(userdata);
});

it.each([
  ['{{vm.nmae}}', "there is no value for 'vm.nmae' (line 1, column 2)"],
  ['#cloud-config\n  x: {{args.missing}}', "there is no value for 'args.missing' (line 2, column 7)"],
  ['{{nothing}}', "there is no value for 'nothing'"],
  ['{{networks.1.ip}}', "there is no value for 'networks.1.ip'"],
  ['one\n{{json args.missing}}', "there is no value for 'args.missing' (line 2, column 7)"],
  ['{{#each netwroks}}{{mac}}{{/each}}', "there is no value for 'netwroks' (line 1, column 8)"],
  ['{{#with args.missing}}{{x}}{{/with}}', "there is no value for 'args.missing'"],
  ['{{#if vm.name}}{{#if (json args.missing)}}{{/if}}{{/if}}', "there is no value for 'args.missing'"],
  ['{{json (lookup args "missing")}}', 'there is no value for \'(lookup args "missing")\''],
  ['{{lookup args "missing"}}', 'there is no value for \'lookup args "missing"\' (line 1, column 2)'],
  ['a\n {{args.valueOf}}', "there is no value for 'args.valueOf' (line 2, column 3)"],
  ['{{args.constructor}}', "there is no value for 'args.constructor' (line 1, column 2)"],
  ['{{args.__proto__}}', "there is no value for 'args.__proto__' (line 1, column 2)"],
  ['{{toString}}', "there is no value for 'toString' (line 1, column 2)"],
  ['{{constructor}}', "there is no value for 'constructor' (line 1, column 2)"],
  ['{{@constructor}}', "there is no value for '@constructor' (line 1, column 2)"],
  ['{{#each networks}}{{valueOf}}{{/each}}', "there is no value for 'valueOf' (line 1, column 20)"],
  ['{{#each args.valueOf}}{{/each}}', "there is no value for 'args.valueOf' (line 1, column 8)"],
  ['{{json args.toString}}', "there is no value for 'args.toString' (line 1, column 7)"],
  ['{{lookup args "toString"}}', 'there is no value for \'lookup args "toString"\''],
  ['{{../vm.name}}', "there is no value for '../vm.name' (line 1, column 2)"],
  ['{{log vm.name}}', "there is no helper 'log' (line 1, column 0)"],
  ['{{#if vm.name}}open', 'the block {{#if}} of line 1 does not end'],
])('says what is wrong with %s', (userdata, message) => {
  let fault: unknown;
  try {
    renderUserdata({ ...GUEST, userdata });
  } catch (error) {
    fault = (error as DomainError).fault;
  }
  expect(fault).toMatchObject({ kind: 'invalid', field: 'userdata', why: expect.stringContaining(message) });
});

it.each([
  ['{{args.empty}}', ''],
  ['{{json args.empty}}', '""'],
  ['{{#if args.missing}}a{{else}}b{{/if}}', 'b'],
  ['{{#unless args.missing}}b{{/unless}}', 'b'],
  ['{{json networks}}', expect.stringContaining('"vni":100')],
  ['## template: jinja\n{{ v1.region }}', '## template: jinja\n{{ v1.region }}'],
  ['{{#each networks}}{{mac}};{{/each}}', '52:54:00:12:34:56;'],
  ['<&"\'> {{args.greeting}}', '<&"\'> say "hi": yes'],
  ['{{lookup args "greeting"}}', 'say "hi": yes'],
  ['{{#if (lookup args "missing")}}a{{else}}b{{/if}}', 'b'],
  ['{{#if args.greeting.length}}a{{else}}b{{/if}}', 'a'],
  ['{{lookup args.greeting "length"}}', '13'],
  ['{{#if args.valueOf}}a{{else}}b{{/if}}', 'b'],
  ['{{#each networks}}{{vni}}{{@index}}{{{@index}}}{{@first}}{{/each}}', '10000true'],
  ['{{#each networks}}{{@index}}{{@first}} {{../vm.name}}{{@root.vm.name}}{{/each}}', '0true web1web1'],
  ['{{#with args as |given|}}{{given.greeting}}{{/with}}', 'say "hi": yes'],
])('renders %j', (userdata, expected) => {
  expect(renderUserdata({ ...GUEST, userdata })).toEqual(expected);
});

it('fills a hole with an argument that is called like what every object has', () => {
  const args = JSON.parse('{"constructor": "a", "__proto__": "b", "toString": "c"}');
  const userdata = '{{args.constructor}}{{args.__proto__}}{{lookup args "toString"}}';
  expect(renderUserdata({ ...GUEST, args, userdata })).toBe('abc');
});

it('says nothing on standard error of what there is not', () => {
  const written = vi.spyOn(console, 'error');
  expect(() => renderUserdata({ ...GUEST, userdata: '{{isPrototypeOf}}' })).toThrow("'isPrototypeOf'");
  expect(() => renderUserdata({ ...GUEST, userdata: '{{json args.propertyIsEnumerable}}' })).toThrow('no value');
  expect(written).not.toHaveBeenCalled();
});
