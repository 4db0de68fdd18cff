import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { VmId } from '../../domain/ids.ts';
import { type HypervisorLab, targets } from './hypervisor-lab.ts';

/** Disks that come and go while a guest runs. */
export function diskCases(lab: HypervisorLab): void {
  const { seen, runs } = lab;
  it('gives a running guest a disk for good, and takes it away', async () => {
    const { vm } = await runs();
    const disk = { diskId: 'sdb', source: await lab.world.blank('qcow2') };
    expect(targets(await lab.driver.attachDisk(vm, disk))).toEqual(['sda', 'sdb']);
    expect(targets(await lab.world.again().attachDisk(vm, disk))).toEqual(['sda', 'sdb']);
    const other = { diskId: 'sdb', source: await lab.world.blank('qcow2') };
    await expect(lab.driver.attachDisk(vm, other)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
    await lab.driver.stop(vm);
    await lab.driver.start(vm);
    expect(targets(await lab.driver.attachDisk(vm, disk))).toEqual(['sda', 'sdb']);
    expect(targets(await lab.driver.detachDisk(vm, 'sdb'))).toEqual(['sda']);
    expect(targets(await lab.driver.detachDisk(vm, 'sdb'))).toEqual(['sda']);
    expect((await seen(vm))?.running).toBe(true);
    await lab.driver.stop(vm);
    expect(targets(await lab.driver.attachDisk(vm, other))).toEqual(['sda', 'sdb']);
    expect(targets(await lab.driver.detachDisk(vm, 'sdb'))).toEqual(['sda']);
  });

  it('attaches to no domain, and detaches from none', async () => {
    const vm = randomUUID() as VmId;
    const disk = { diskId: 'sdb', source: await lab.world.blank('qcow2') };
    await expect(lab.driver.attachDisk(vm, disk)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
    expect(await lab.driver.detachDisk(vm, 'sdb')).toBe(null);
  });
}
