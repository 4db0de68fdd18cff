import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { VmId } from '../../domain/ids.ts';
import { mib } from '../../domain/units.ts';
import { type HypervisorLab, signal } from './hypervisor-lab.ts';

/** What a driver tells of its host, and what it makes of descriptions. */
export function domainCases(lab: HypervisorLab): void {
  const { define, seen } = lab;
  it('tells what the host is, the same every time', async () => {
    const facts = await lab.driver.facts();
    expect(facts.cpus).toBeGreaterThan(0);
    expect(facts.memory).toBeGreaterThan(0);
    expect(await lab.driver.facts()).toEqual(facts);
    expect((await lab.driver.usage()).memoryFree).toBeGreaterThan(0);
  });

  it('defines twice what it defines once, and takes a changed description', async () => {
    const spec = await define();
    const xml = await lab.driver.define(spec);
    expect(await lab.world.again().define(spec)).toBe(xml);
    expect(await seen(spec.vm)).toEqual({ vm: spec.vm, name: spec.name, running: false });
    expect(await lab.driver.define({ ...spec, vcpus: 2 })).toContain(`<vcpu placement='static'>2</vcpu>`);
    expect((await lab.driver.list()).filter(({ vm }) => vm === spec.vm)).toHaveLength(1);
  });

  it('refuses a name that another domain has, as a conflict', async () => {
    const { name } = await define();
    await expect(define({ name })).rejects.toMatchObject({ fault: { kind: 'conflict' } });
  });

  it('changes the description of a guest that runs, and undefines it', async () => {
    const spec = await define();
    await lab.driver.start(spec.vm);
    expect(await lab.driver.define({ ...spec, memory: mib(96) })).toContain(`<memory unit='MiB'>96</memory>`);
    expect((await seen(spec.vm))?.running).toBe(true);
    await lab.driver.undefine(spec.vm);
    expect(await seen(spec.vm)).toBeUndefined();
    await lab.driver.define(spec);
    expect(await seen(spec.vm)).toEqual({ vm: spec.vm, name: spec.name, running: false });
  });

  it('takes every device there is', async () => {
    const source = { type: 'file', path: '/var/empty/none.raw', format: 'raw' } as const;
    const disks = ['sda', 'sdb', 'vda', 'sdaa'].map((diskId) => ({ diskId, source }));
    const nics = ['52:54:00:00:00:01', '52:54:00:00:00:02'].map((mac) => ({ mac, bridge: 'vmbr100' }));
    const boot = { kernel: '/boot/vmlinuz', initrd: '/boot/initrd', cmdline: 'root=/dev/sda quiet="a b" x=<&>' };
    const spec = await define({ disks, nics, boot, vnc: '127.0.0.1', seed: '/var/empty/seed.iso', vcpus: 3 });
    expect(await seen(spec.vm)).toEqual({ vm: spec.vm, name: spec.name, running: false });
  });

  it('takes a guest without a console', async () => {
    const { vm } = await define({ serial: false });
    await lab.driver.start(vm);
    expect((await seen(vm))?.running).toBe(true);
    await lab.driver.stop(vm);
  });

  it('undefines twice, running or never there, and leaves no console', async () => {
    const { vm } = await define();
    await lab.driver.start(vm);
    await lab.driver.awaitConsole(vm, lab.world.boots, signal());
    await lab.driver.undefine(vm);
    await lab.driver.undefine(vm);
    await lab.driver.undefine(randomUUID() as VmId);
    expect(await seen(vm)).toBeUndefined();
    expect(existsSync(lab.driver.consolePath(vm))).toBe(false);
  });
}
