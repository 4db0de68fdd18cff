import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { BODY_LIMIT_BYTES } from '../../../api/http/body-limit.ts';
import { checkProfile } from '../../../cli/profile/check.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-check-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const DISK = { id: 'sda', pool: 'vms', sizeGiB: 1, filesystem: 'ext4', mountpoint: '/' };
const RIGHT = {
  name: 'web',
  system: { vcpus: 1, memoryMiB: 512 },
  networks: [100],
  disks: [DISK],
  script: 'script.py',
};
const SCRIPT = 'def install(**kwargs):\n  pass\n';

const mistakes = async (change: object, files: Readonly<Record<string, string>> = {}): Promise<readonly string[]> => {
  const all = { 'profile.yaml': stringify({ ...RIGHT, ...change }), 'script.py': SCRIPT, ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(dir, name), text);
  const found = await checkProfile(dir);
  return [...found.mistakes, ...found.undefaulted];
};

it('finds nothing in what is right', async () => {
  expect(await mistakes({})).toEqual([]);
});

it.each<readonly [string, object, Readonly<Record<string, string>>, RegExp]>([
  ['a key it does not know', { nmae: 'x' }, {}, /^profile\.yaml: does not know 'nmae'\.$/],
  ['a missing key', { system: { vcpus: 1 } }, {}, /system\.memoryMiB/],
  ['a name that none can have', { name: 'a b' }, {}, /name: 'a b'/],
  ['too little memory', { system: { vcpus: 1, memoryMiB: 1 } }, {}, /^system\.memoryMiB: must be at least 16\.$/],
  ['a disk with a name of its own', { disks: [{ ...DISK, id: 'disk0' }] }, {}, /^disks\.0\.id: 'disk0'/],
  ['two disks of one name', { disks: [DISK, { ...DISK, mountpoint: '/var' }] }, {}, /two called 'sda'/],
  ['two disks at one place', { disks: [DISK, { ...DISK, id: 'sdb' }] }, {}, /two disks are to be mounted at '\/'/],
  [
    'a disk without size',
    { disks: [{ id: 'sda', pool: 'vms' }] },
    {},
    /^disks\.0\.sizeGiB: is needed without a sourceVolume\.$/,
  ],
  ['half a GiB', { disks: [{ ...DISK, sizeGiB: 0.5 }] }, {}, /^disks\.0\.sizeGiB: must be a whole number\.$/],
  [
    'too large a disk',
    { disks: [{ ...DISK, sizeGiB: 1048577 }] },
    {},
    /^disks\.0\.sizeGiB: must be at most 1048576\.$/,
  ],
  ['too many vCPUs', { system: { vcpus: 4097, memoryMiB: 512 } }, {}, /^system\.vcpus: must be at most 4096\.$/],
  [
    'too much memory',
    { system: { vcpus: 1, memoryMiB: 1073741825 } },
    {},
    /^system\.memoryMiB: must be at most 1073741824\.$/,
  ],
  [
    'a limit to no node',
    { system: { ...RIGHT.system, nodeLimit: [] } },
    {},
    /^system\.nodeLimit: must not be empty\.$/,
  ],
  ...['', 'hv1,hv2', ' hv1 '].map(
    (node) =>
      [
        `a node called '${node}'`,
        { system: { ...RIGHT.system, nodeLimit: ['hv1', node] } },
        {},
        new RegExp(`^system\\.nodeLimit: '${node}' is no name of a node\\.$`),
      ] as const,
  ),
  ...['', '-L a b', '-E lazy=1'].map(
    (word) =>
      [
        `'${word}' as a word for mkfs`,
        { disks: [{ ...DISK, filesystemArgs: ['-L=root', word] }] },
        {},
        new RegExp(`^disks\\.0\\.filesystemArgs: '${word}' is not one word, such as -L=root\\.$`),
      ] as const,
  ),
  ['a name that is too long', { name: 'n'.repeat(129) }, {}, /^name: must not be longer than 128 characters\.$/],
  ['a network beyond all', { networks: [16777216] }, {}, /^networks\.0: must be at most 16777215\.$/],
  [
    'a mountpoint without filesystem',
    { disks: [{ id: 'sda', pool: 'vms', sizeGiB: 1, mountpoint: '/' }] },
    {},
    /^disks\.0\.mountpoint: needs a filesystem/,
  ],
  ['a way up in a mountpoint', { disks: [{ ...DISK, mountpoint: '/../etc' }] }, {}, /absolute path without/],
  ['a MAC template that makes none', { macTemplate: 'xx:{vmid}' }, {}, /^macTemplate: /],
  ['an argument that is none in Python', { arguments: { 'a-b': '1' } }, {}, /^arguments\.a-b: /],
  ['an argument that is given', { arguments: { disks: '1' } }, {}, /^arguments\.disks: is what Slipway itself gives/],
  [
    'a wait that cannot be seen',
    { wait: 'cloud-init', system: { vcpus: 1, memoryMiB: 512, serial: false } },
    {},
    /serial console/,
  ],
  ['a script that is not there, though it has a name', { script: 's.py', scriptName: 's' }, {}, /there is no s\.py/],
  [
    'a script that is too long, though it has a name',
    { scriptName: 's' },
    { 'script.py': `${SCRIPT}#${'x'.repeat(5e6)}` },
    /^script: is too long/,
  ],
  ['a file that is not there', { userdata: 'u.yaml' }, {}, /there is no u\.yaml/],
  ['a file of another directory', { script: '../script.py' }, {}, /no file of this directory/],
  [
    'a script that is no Python',
    {},
    { 'script.py': 'x = 1\ndef install(**kwargs:\n' },
    /^script: line 2: '\(' was never closed\.$/,
  ],
  [
    'a script that is indented wrongly',
    {},
    { 'script.py': `${SCRIPT}   x = 1\n` },
    /^script: line 3: unexpected indent\.$/,
  ],
  ['a script with a NUL', {}, { 'script.py': `${SCRIPT}\0` }, /script.py has a NUL character in it/],
  ['a script that nests too deeply', {}, { 'script.py': `${SCRIPT}${'-'.repeat(100_000)}1` }, /^script: [^'|:]+\.$/],
  ['a script without functions', {}, { 'script.py': 'print("hi")\n' }, /neither install\(\) nor build\(\)/],
  [
    'a hole without a value',
    { userdata: 'u' },
    { u: '#cloud-config\nhostname: {{args.domain}}\n' },
    /no value for .*domain.*default under `arguments`/,
  ],
  [
    'a hole that does not end',
    { userdata: 'u' },
    { u: '\n{{vm.name' },
    /^userdata: what begins with \{\{ is not written as a hole or block \(line 2\)\.$/,
  ],
  [
    'user-data of which cloud-init would lose something',
    { userdata: 'u' },
    { u: 'MIME-Version: 1.0\n\nZoë' },
    /^userdata: line 3 has a character other than ASCII.* Content-Transfer-Encoding/,
  ],
  ['user-data that is no YAML', { userdata: 'u' }, { u: '#cloud-config\nusers: [\n' }, /no YAML/],
])('names %s', async (_, change, files, words) => {
  const found = await mistakes(change, files);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(words);
});

it('names the text that is more than the API takes in one request, as JSON, and nothing that would fit', async () => {
  const document = JSON.stringify({ ...RIGHT, script: SCRIPT, userdata: '' });
  const room = BODY_LIMIT_BYTES - Buffer.byteLength(document);
  const lines = '\n'.repeat(Math.floor(room / 2)) + 'x'.repeat(room % 2);
  expect(await mistakes({ userdata: 'u' }, { u: lines })).toEqual([]);
  const bytes = BODY_LIMIT_BYTES + 1;
  expect(await mistakes({ userdata: 'u' }, { u: `${lines}x` })).toEqual([
    `userdata: is too long: the API takes a profile of ${BODY_LIMIT_BYTES} bytes as JSON, and this one has ${bytes}, ${room + 3} of them here.`,
  ]);
  const both = await mistakes({ userdata: 'u' }, { u: 'x'.repeat(5e6), 'script.py': `# ${'x'.repeat(6e6)}` });
  expect(both).toEqual([
    expect.stringMatching(/^script: is too long: .* has 11\d{6}, 6\d{6} of them/),
    expect.stringMatching(/^userdata: is too long: .* has 5\d{6}, 5\d{6} of them/),
  ]);
});

it('names mistakes of the values and of the script together, in plain words', async () => {
  const wrong = {
    system: { vcpus: 'two' },
    networks: 100,
    disks: [{ ...DISK, sizeGB: 1 }],
    wait: 'forever',
    arguments: { a: [] },
  };
  const found = await mistakes(wrong, { 'script.py': 'def install(:' });
  expect(found).toEqual([
    'system.vcpus: must be a number.',
    'system.memoryMiB: is missing.',
    'networks: must be a list.',
    "disks.0: does not know 'sizeGB'.",
    'arguments.a: must be a text or a number or true or false.',
    'wait: must be one of nothing, running, cloud-init.',
    expect.stringMatching(/^script: line 1: /),
  ]);
});

it('names what the rules refuse beside what the schema does, and nothing twice', async () => {
  const change = {
    name: 'a b',
    system: { vcpus: 'two', memoryMiB: 1, vncBind: 'here' },
    networks: 'all',
    macTemplate: 'xx',
    disks: [
      { id: 5, pool: 'vms' },
      { ...DISK, sizeGiB: 'big', filesystem: 'a/b' },
      { id: 'sdb', pool: 'vms', sizeGB: 1, fs: 'ext4', mountpoint: 'data' },
      'none',
      { id: 'sdc', pool: 'vms', sizeGiB: 1, filesystem: 1, mountpoint: '/' },
    ],
    arguments: { right: 1, wrong: [], vm_id: 1 },
    script: 'nowhere.py',
    userdata: 'u',
  };
  const text = '{{args.right}}{{args.wrong}}{{networks.4.mac}}{{vm.nmae}}';
  expect(await mistakes(change, { u: text })).toEqual([
    expect.stringMatching(/there is no nowhere\.py/),
    'system.vcpus: must be a number.',
    'system.memoryMiB: must be at least 16.',
    'networks: must be a list.',
    'disks.0.id: must be a text.',
    'disks.1.sizeGiB: must be a number.',
    "disks.2: does not know 'sizeGB', 'fs'.",
    'disks.3: must be a mapping of keys to values.',
    'disks.4.filesystem: must be a text.',
    'arguments.wrong: must be a text or a number or true or false.',
    expect.stringMatching(/^name: 'a b'/),
    "system.vncBind: 'here' is no IP address.",
    expect.stringMatching(/^macTemplate: /),
    'disks.0.sizeGiB: is needed without a sourceVolume.',
    "disks.1.filesystem: 'a/b' is no name of a file system.",
    "disks.2.mountpoint: 'data' is not an absolute path without '..'.",
    "disks: two disks are to be mounted at '/'.",
    'arguments.vm_id: is what Slipway itself gives every script: choose another name.',
    "userdata: there is no value for 'vm.nmae' (line 1, column 48).",
  ]);
});

it("says in the profile's own words what a clone excludes", async () => {
  expect(await mistakes({ disks: [{ ...DISK, sourceVolume: 'disk_size' }] })).toEqual([
    'disks.0.sourceVolume: excludes sizeGiB, filesystem and mountpoint.',
  ]);
});

it('names every argument of the user-data that has no default', async () => {
  const text =
    '#cloud-config\nhostname: {{args.a}}\nfqdn: {{json args.b}}\nx: {{args.a}}\ny: {{vm.nmae}}\nz: {{lookup args "c"}}\n';
  const found = await mistakes({ userdata: 'u' }, { u: text });
  expect(found).toEqual([
    expect.stringMatching(/'vm\.nmae' \(line 5, column 5\)\.$/),
    expect.stringMatching(/'args\.a'.*default under/),
    expect.stringMatching(/'args\.b'.*default under/),
    expect.stringMatching(/'lookup args "c"' \(line 6, column 5\).*default under/),
  ]);
});

it('names all at once', async () => {
  const change = { name: 'a b', disks: [{ ...DISK, id: 'x' }], arguments: { 'a-b': '1' } };
  expect(await mistakes(change, { 'script.py': '(\n' })).toHaveLength(5);
});

it('says where YAML breaks', async () => {
  const found = await mistakes({}, { 'profile.yaml': 'name: [\n' });
  expect(found[0]).toMatch(/line 2/);
});

it('says that a file holds nothing', async () => {
  expect(await mistakes({}, { 'profile.yaml': '' })).toEqual(['profile.yaml: holds no keys and values.']);
});

it.each([
  ['name: *web', /Unresolved alias.*: web/],
  ['name: &a [*a]', /^An alias leads back to itself\.$/],
])('names an alias that leads nowhere: %s', async (text, words) => {
  const found = await mistakes({}, { 'profile.yaml': text });
  expect(found).toEqual([expect.stringMatching(words)]);
});
