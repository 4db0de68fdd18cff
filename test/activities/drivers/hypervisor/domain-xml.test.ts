import { expect, it } from 'vitest';
import { diskXml, domainXml } from '../../../../activities/drivers/hypervisor/domain-xml.ts';
import type { DomainError } from '../../../../domain/fault.ts';
import type { VmId } from '../../../../domain/ids.ts';
import type { HostFacts } from '../../../../domain/node.ts';
import type { DomainSpec } from '../../../../domain/plan.ts';
import { mib } from '../../../../domain/units.ts';

const FACTS: HostFacts = {
  arch: 'x86_64',
  kernel: '6.1.0',
  os: 'Debian GNU/Linux 12 (bookworm)',
  cpus: 8,
  memory: mib(16_384),
  accel: 'tcg',
  emulator: '/usr/bin/qemu-system-x86_64',
  filesystems: [],
};
const LOG = '/var/lib/slipway/nodes/hv1/consoles/web1.log';
const SMALL: DomainSpec = {
  vm: '6b1c2f0e-0000-4000-8000-000000000001' as VmId,
  name: 'web1',
  memory: mib(512),
  vcpus: 1,
  disks: [],
  nics: [],
  serial: false,
  vnc: null,
  seed: null,
  boot: null,
};
const file = (name: string, format: 'raw' | 'qcow2' = 'raw') =>
  ({ type: 'file', path: `/var/lib/slipway/pools/vms/${name}.${format}`, format }) as const;
const FULL: DomainSpec = {
  ...SMALL,
  memory: mib(4096),
  vcpus: 4,
  disks: [
    { diskId: 'sda', source: file('web1_sda-6b1c2f0e', 'qcow2') },
    { diskId: 'sdc', source: file('web1_sdc-6b1c2f0e') },
    { diskId: 'vda', source: { type: 'rbd', pool: 'vms', image: 'web1_vda-6b1c2f0e' } },
  ],
  nics: [
    { mac: '52:54:00:12:34:56', bridge: 'vmbr100' },
    { mac: '52:54:00:12:34:57', bridge: 'vmbr200' },
  ],
  serial: true,
  vnc: '127.0.0.1',
  seed: '/var/lib/slipway/nodes/hv1/seeds/web1.iso',
};
const DIRECT = {
  kernel: '/var/lib/slipway/nodes/hv1/boot/web1/vmlinuz',
  initrd: '/var/lib/slipway/nodes/hv1/boot/web1/initrd',
  cmdline: 'root=/dev/sda console=ttyS0 net.ifnames=0',
};

it.each<[string, DomainSpec, Partial<HostFacts>, string | null]>([
  ['nothing-but-cpu-and-memory', SMALL, {}, null],
  ['every-device', FULL, {}, LOG],
  ['kvm', { ...FULL, vnc: null, seed: null }, { accel: 'kvm' }, LOG],
  ['direct-boot', { ...SMALL, serial: true, boot: DIRECT }, {}, LOG],
  ['direct-boot-without-initrd', { ...SMALL, serial: true, boot: { ...DIRECT, initrd: null } }, {}, LOG],
])('writes the domain %s', async (name, spec, facts, log) => {
  const xml = domainXml(spec, { ...FACTS, ...facts }, log);
  expect(domainXml(spec, { ...FACTS, ...facts }, log)).toBe(xml);
  await expect(xml).toMatchFileSnapshot(`../../../golden/libvirt/${name}.xml`);
});

const ATTACK = `x'/>"</name><devices><disk/>]]>&lt;&amp;<!--`;
const direct = { ...FULL, boot: DIRECT };

/** All that is markup: which tags there are, in which order, with which attributes. */
const markup = (xml: string): string => xml.replace(/'[^']*'/g, "''").replace(/>[^<]*</g, '><');
const unescaped = (xml: string): string =>
  xml
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');

it.each<[string, (text: string) => DomainSpec]>([
  ['name', (text) => ({ ...direct, name: text })],
  ['path of a disk', (text) => ({ ...direct, disks: [{ diskId: 'sda', source: { ...file('a'), path: text } }] })],
  [
    'RBD image',
    (text) => ({ ...direct, disks: [{ diskId: 'sda', source: { type: 'rbd', pool: text, image: text } }] }),
  ],
  ['bridge', (text) => ({ ...direct, nics: [{ mac: '52:54:00:12:34:56', bridge: text }] })],
  ['MAC', (text) => ({ ...direct, nics: [{ mac: text, bridge: 'vmbr1' }] })],
  ['seed', (text) => ({ ...direct, seed: text })],
  ['VNC address', (text) => ({ ...direct, vnc: text })],
  ['kernel', (text) => ({ ...direct, boot: { ...DIRECT, kernel: text } })],
  ['initrd', (text) => ({ ...direct, boot: { ...DIRECT, initrd: text } })],
  ['command line', (text) => ({ ...direct, boot: { ...DIRECT, cmdline: text } })],
])('keeps a hostile %s a value', (_, spec) => {
  const xml = domainXml(spec(ATTACK), FACTS, LOG);
  expect(markup(xml)).toBe(markup(domainXml(spec('harmless'), FACTS, LOG)));
  expect(xml).not.toContain(ATTACK);
  expect(unescaped(xml)).toContain(ATTACK);
});

it('refuses what XML cannot hold, and a disk that no bus has', () => {
  const kind = (spec: DomainSpec): string | undefined => {
    try {
      domainXml(spec, FACTS, LOG);
    } catch (error) {
      return (error as DomainError).fault.kind;
    }
    return undefined;
  };
  expect(kind({ ...SMALL, name: 'a\u0000b' })).toBe('invalid');
  expect(kind({ ...SMALL, name: 'a\u001bb' })).toBe('invalid');
  for (const diskId of ['hda', 'sd', 'sdA', 'sd1', 'sdaaa', 'sdzz', "sda'"]) {
    expect(kind({ ...SMALL, disks: [{ diskId, source: file('a') }] }), diskId).toBe('invalid');
  }
});

it.each([
  [
    { diskId: 'sdaa', source: { type: 'file', path: `/pools/<a>&'b'.qcow2`, format: 'qcow2' } },
    [
      `<driver name='qemu' type='qcow2' discard='unmap'/>`,
      `<source file='/pools/&lt;a&gt;&amp;&apos;b&apos;.qcow2'/>`,
      `<target dev='sdaa' bus='scsi'/>`,
      `<address type='drive' controller='0' bus='0' target='0' unit='26'/>`,
    ],
  ],
  [
    { diskId: 'vdb', source: { type: 'rbd', pool: 'vms', image: 'web1_vdb' } },
    [`<source protocol='rbd' name='vms/web1_vdb'/>`, `<target dev='vdb' bus='virtio'/>`],
  ],
] as const)('describes the disk %j alone as it does in its domain', (disk, parts) => {
  const alone = diskXml(disk)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  for (const part of parts) expect(alone).toContain(part);
  const whole = domainXml({ ...SMALL, disks: [disk] }, FACTS)
    .split('\n')
    .map((line) => line.trim());
  const begin = whole.indexOf(alone[0]!);
  expect(whole.slice(begin, begin + alone.length)).toEqual(alone);
});
