import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { VmId } from '../../domain/ids.ts';
import { type HypervisorLab, mintSnapshot, targets } from './hypervisor-lab.ts';

/** Moments of running guests. */
export function snapshotCases(lab: HypervisorLab): void {
  const { define, seen, runs } = lab;
  it('keeps moments of a running guest, each once, and removes them', async () => {
    const { vm } = await runs();
    const [one, two] = [mintSnapshot(), mintSnapshot()];
    await lab.driver.snapshots.ensure(vm, one);
    await lab.world.again().snapshots.ensure(vm, one);
    await lab.driver.snapshots.ensure(vm, two);
    expect([...(await lab.driver.snapshots.list(vm))].sort()).toEqual([one, two].sort());
    expect((await seen(vm))?.running).toBe(true);
    await lab.driver.snapshots.remove(vm, one);
    await lab.driver.snapshots.remove(vm, one);
    expect(await lab.world.again().snapshots.list(vm)).toEqual([two]);
    await lab.driver.stop(vm);
    expect(await lab.driver.snapshots.list(vm)).toEqual([two]);
    await lab.driver.snapshots.remove(vm, two);
    expect(await lab.driver.snapshots.list(vm)).toEqual([]);
    await lab.driver.snapshots.remove(randomUUID() as VmId, two);
    expect(await lab.driver.snapshots.list(randomUUID() as VmId)).toEqual([]);
  });

  it('takes a guest back, running or not, as often as it is asked', async () => {
    const { vm } = await runs();
    const snapshot = mintSnapshot();
    await lab.driver.snapshots.ensure(vm, snapshot);
    for (const before of [async () => undefined, () => lab.driver.stop(vm), () => lab.world.crash(vm)]) {
      await before();
      await lab.driver.snapshots.revert(vm, snapshot);
      await lab.world.again().snapshots.revert(vm, snapshot);
      expect((await seen(vm))?.running).toBe(true);
    }
    await expect(lab.driver.snapshots.revert(vm, mintSnapshot())).rejects.toMatchObject({
      fault: { kind: 'not-found' },
    });
    expect(await lab.driver.snapshots.list(vm)).toEqual([snapshot]);
  });

  it('refuses to keep a guest that is off, or whose writable disk cannot keep it, which it names', async () => {
    const off = await define(await lab.world.guest('qcow2'));
    await expect(lab.driver.snapshots.ensure(off.vm, mintSnapshot())).rejects.toMatchObject({
      fault: { kind: 'conflict' },
    });
    const { vm } = await runs('raw');
    await expect(lab.driver.snapshots.ensure(vm, mintSnapshot())).rejects.toMatchObject({
      fault: { kind: 'conflict', why: expect.stringContaining('sda') },
    });
    expect(await lab.driver.snapshots.list(vm)).toEqual([]);
  });

  it('takes a guest back to the disks that it had, and lets the others be attached again', async () => {
    const { vm } = await runs();
    const [first, later] = [mintSnapshot(), mintSnapshot()];
    await lab.driver.snapshots.ensure(vm, first);
    const disk = { diskId: 'sdb', source: await lab.world.blank('qcow2') };
    await lab.driver.attachDisk(vm, disk);
    await lab.driver.snapshots.ensure(vm, later);
    await lab.driver.snapshots.revert(vm, first);
    expect(targets(await lab.driver.detachDisk(vm, 'none'))).toEqual(['sda']);
    expect(targets(await lab.driver.attachDisk(vm, disk))).toEqual(['sda', 'sdb']);
    await lab.driver.snapshots.revert(vm, later);
    expect(targets(await lab.driver.detachDisk(vm, 'none'))).toEqual(['sda', 'sdb']);
    await lab.driver.snapshots.revert(vm, first);
    await expect(lab.driver.snapshots.remove(vm, later)).rejects.toMatchObject({
      fault: { kind: 'conflict', why: expect.stringContaining('sdb') },
    });
    await lab.driver.attachDisk(vm, disk);
    await lab.driver.snapshots.remove(vm, later);
    await lab.driver.snapshots.remove(vm, first);
    expect(await lab.driver.snapshots.list(vm)).toEqual([]);
  });

  it('leaves no snapshot of what it undefines', async () => {
    const spec = await runs();
    await lab.driver.snapshots.ensure(spec.vm, mintSnapshot());
    await lab.driver.undefine(spec.vm);
    expect(await seen(spec.vm)).toBeUndefined();
    await lab.driver.define(spec);
    expect(await lab.driver.snapshots.list(spec.vm)).toEqual([]);
  });
}
