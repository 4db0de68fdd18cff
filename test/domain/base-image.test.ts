import { expect, it } from 'vitest';
import { baseDisks, clonedDisks } from '../../domain/base-image.ts';
import { type BaseKey, baseVolumeId, type VmId, type VolumeId, volumeId } from '../../domain/ids.ts';
import { mib } from '../../domain/units.ts';
import type { Disk } from '../../domain/volume.ts';

const BASE = '0123456789abcdef'.repeat(4) as BaseKey;

const disk = (diskId: string, change: Partial<Disk> = {}): Disk => ({
  volume: volumeId('web1', diskId, '12345678-x' as VmId),
  name: `web1_${diskId}`,
  pool: 'vms',
  diskId,
  size: mib(1024),
  fill: { kind: 'blank' },
  filesystem: null,
  filesystemArgs: [],
  mountpoint: null,
  ...change,
});

const imported = disk('sdc', { fill: { kind: 'clone', source: 'golden_sda-1' as VolumeId } });
const DISKS = [disk('sda', { filesystem: 'ext4', mountpoint: '/' }), disk('sdb'), imported];

it('clones every disk that is filled blank, formatted or not, and none that was imported', () => {
  expect(clonedDisks(DISKS, BASE).map(({ fill }) => fill)).toEqual([
    { kind: 'clone', source: 'base-0123456789abcdef_sda' },
    { kind: 'clone', source: 'base-0123456789abcdef_sdb' },
    imported.fill,
  ]);
  expect(clonedDisks(DISKS, null)).toBe(DISKS);
});

it('builds exactly the volumes that are cloned', () => {
  const built = baseDisks(DISKS, BASE);
  expect(built.map(({ volume }) => volume)).toEqual(['sda', 'sdb'].map((id) => baseVolumeId(BASE, id)));
  expect(built).toMatchObject([
    { name: 'base-0123456789abcdef_sda', fill: { kind: 'blank' }, filesystem: 'ext4', mountpoint: '/' },
    { name: 'base-0123456789abcdef_sdb', fill: { kind: 'blank' }, filesystem: null },
  ]);
});

it('is the same for disks that are clones already', () => {
  const cloned = clonedDisks(DISKS, BASE);
  expect(clonedDisks(cloned, BASE)).toEqual(cloned);
  expect(baseDisks(cloned, BASE)).toEqual(baseDisks(DISKS, BASE));
});
