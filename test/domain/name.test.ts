import { expect, it } from 'vitest';
import { DISK_ID, SCSI_DISK_IDS } from '../../domain/name.ts';

it('has every SCSI disk name once, in the order of the kernel', () => {
  expect(SCSI_DISK_IDS).toHaveLength(256);
  expect(new Set(SCSI_DISK_IDS).size).toBe(256);
  expect([0, 1, 25, 26, 27, 51, 52, 255].map((unit) => SCSI_DISK_IDS[unit])).toEqual([
    ...['sda', 'sdb', 'sdz', 'sdaa', 'sdab', 'sdaz', 'sdba', 'sdiv'],
  ]);
  for (const id of SCSI_DISK_IDS) expect(id).toMatch(DISK_ID);
});
