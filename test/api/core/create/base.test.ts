import { expect, it } from 'vitest';
import { baseKeyOf } from '../../../../api/core/create/base.ts';
import type { Sha256, VmId, VolumeId } from '../../../../domain/ids.ts';
import { volumeId } from '../../../../domain/ids.ts';
import type { TextTemplate } from '../../../../domain/profile.ts';
import { mib } from '../../../../domain/units.ts';
import type { Disk } from '../../../../domain/volume.ts';

const script = (text: string, sha256 = 'a'): TextTemplate => ({ id: 1, name: 's', sha256: sha256 as Sha256, text });
const BUILD = script('import os\n\ndef build(**kwargs):\n    pass\n');

const disk = (change: Partial<Disk> = {}, vm = 'web1'): Disk => ({
  volume: volumeId(vm, change.diskId ?? 'sda', `${vm}-12345678` as VmId),
  name: `${vm}_sda`,
  pool: 'vms',
  diskId: 'sda',
  size: mib(1024),
  fill: { kind: 'blank' },
  filesystem: 'ext4',
  filesystemArgs: ['-L=root'],
  mountpoint: '/',
  ...change,
});

const key = (change: Partial<Parameters<typeof baseKeyOf>[0]> = {}) =>
  baseKeyOf({ script: BUILD, args: { suite: 'bookworm', mirror: 'm' }, disks: [disk()], arch: 'x86_64', ...change });

it('is the same from release to release, so that what was built is found', () => {
  expect(key()).toBe('6b1578a6b7c9c09ca1ba1edbb05aabc08ea1e90b3b7ecf7a5ec349d1038248eb');
});

it.each([
  ['another VM', { disks: [disk({}, 'db2')] }],
  ['arguments in another order', { args: { mirror: 'm', suite: 'bookworm' } }],
  ['the same script by another name', { script: { ...BUILD, id: 9, name: 't' } }],
  [
    'a disk imported beside',
    { disks: [disk(), disk({ diskId: 'sdb', fill: { kind: 'clone', source: 'g' as VolumeId } })] },
  ],
])('does not depend on %s', (_, change) => {
  expect(key(change)).toBe(key());
});

it('does not depend on the order of the disks', () => {
  const [a, b] = [disk(), disk({ diskId: 'sdb', mountpoint: '/var' })];
  expect(key({ disks: [a, b] })).toBe(key({ disks: [b, a] }));
});

it.each<[string, Parameters<typeof key>[0]]>([
  ['the script', { script: script(BUILD.text, 'b') }],
  ['an argument', { args: { suite: 'trixie', mirror: 'm' } }],
  ['an argument more', { args: { suite: 'bookworm', mirror: 'm', extra: '' } }],
  ['the architecture', { arch: 'aarch64' }],
  ['a disk more', { disks: [disk(), disk({ diskId: 'sdb', filesystem: null, mountpoint: null })] }],
  ['the disk id', { disks: [disk({ diskId: 'vda' })] }],
  ['the pool', { disks: [disk({ pool: 'ssd' })] }],
  ['the size', { disks: [disk({ size: mib(2048) })] }],
  ['the filesystem', { disks: [disk({ filesystem: 'xfs' })] }],
  ['its arguments', { disks: [disk({ filesystemArgs: ['-L=other'] })] }],
  ['the mountpoint', { disks: [disk({ mountpoint: '/srv' })] }],
])('depends on %s', (_, change) => {
  expect(key(change)).not.toBe(key());
  expect(key(change)).toMatch(/^[0-9a-f]{64}$/);
});

it.each([
  ['no script', { script: null }],
  ['a script without build()', { script: script('def install(**kwargs):\n    pass\n') }],
  ['a build() that is not at top level', { script: script('class A:\n    def build(self):\n        pass\n') }],
  ['a name that only begins like it', { script: script('def build_all(**kwargs):\n    pass\n') }],
  ['a build() in a comment', { script: script('# def build(\n') }],
  ['no disk to fill', { disks: [disk({ fill: { kind: 'clone', source: 'g' as VolumeId } })] }],
])('there is none with %s', (_, change) => {
  expect(key(change)).toBeNull();
});
