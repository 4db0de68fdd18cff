import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HypervisorDriver } from '../../activities/drivers/hypervisor/driver.ts';
import type { SnapshotId, VmId } from '../../domain/ids.ts';
import type { DomainSpec } from '../../domain/plan.ts';
import { mib } from '../../domain/units.ts';
import type { DiskSource } from '../../domain/volume.ts';

/** A backend under test: a driver, and how to make another on the same world, as a restarted process does. */
export interface HypervisorWorld {
  readonly driver: HypervisorDriver;
  readonly again: () => HypervisorDriver;
  /** A guest that writes `boots` to its serial console, and then runs on; with one disk. */
  readonly guest: (format?: Format) => Promise<Pick<DomainSpec, 'disks' | 'boot'>>;
  /** A blank disk that no guest has. */
  readonly blank: (format: Format) => Promise<DiskSource>;
  readonly boots: RegExp;
  /** Whether that guest heeds its power button. */
  readonly heedsAcpi: boolean;
  /** Ends a running guest from outside, as a crash of its emulator does. */
  readonly crash: (vm: VmId) => Promise<void>;
  /** Nothing of the driver's is left outside what was removed. */
  readonly end: () => Promise<void>;
}

type Format = 'raw' | 'qcow2';

const mintSnapshot = () => `s${randomUUID().replaceAll('-', '').slice(1)}` as SnapshotId;
const signal = () => AbortSignal.timeout(60_000);
const NEVER = /this is written by no guest/;

export function hypervisorContract(name: string, make: () => Promise<HypervisorWorld>, skip?: string): void {
  describe.skipIf(skip)(
    `hypervisor contract: ${name}${skip ? ` (skipped: ${skip})` : ''}`,
    { timeout: 120_000 },
    () => {
      let world: HypervisorWorld;
      let driver: HypervisorDriver;
      const made: VmId[] = [];
      const define = async (change: Partial<DomainSpec> = {}): Promise<DomainSpec> => {
        const vm = randomUUID() as VmId;
        made.push(vm);
        const base = {
          name: `contract-${vm.slice(0, 8)}`,
          memory: mib(64),
          vcpus: 1,
          nics: [],
          serial: true,
          vnc: null,
        };
        const spec: DomainSpec = { vm, ...base, seed: null, ...(await world.guest()), ...change };
        await driver.define(spec);
        return spec;
      };
      const seen = async (vm: VmId) => (await driver.list()).find((domain) => domain.vm === vm);

      beforeAll(async () => {
        world = await make();
        driver = world.driver;
      }, 60_000);
      afterAll(async () => {
        for (const vm of made) await driver?.undefine(vm);
        await world?.end();
      }, 60_000);

      it('tells what the host is, the same every time', async () => {
        const facts = await driver.facts();
        expect(facts.cpus).toBeGreaterThan(0);
        expect(facts.memory).toBeGreaterThan(0);
        expect(await driver.facts()).toEqual(facts);
        expect((await driver.usage()).memoryFree).toBeGreaterThan(0);
      });

      it('defines twice what it defines once, and takes a changed description', async () => {
        const spec = await define();
        const xml = await driver.define(spec);
        expect(await world.again().define(spec)).toBe(xml);
        expect(await seen(spec.vm)).toEqual({ vm: spec.vm, name: spec.name, running: false });
        expect(await driver.define({ ...spec, vcpus: 2 })).toContain(`<vcpu placement='static'>2</vcpu>`);
        expect((await driver.list()).filter(({ vm }) => vm === spec.vm)).toHaveLength(1);
      });

      it('refuses a name that another domain has, as a conflict', async () => {
        const { name } = await define();
        await expect(define({ name })).rejects.toMatchObject({ fault: { kind: 'conflict' } });
      });

      it('starts twice, shows the console, and stops twice', async () => {
        const { vm } = await define();
        await driver.start(vm);
        await driver.start(vm);
        expect((await seen(vm))?.running).toBe(true);
        expect(await driver.awaitConsole(vm, world.boots, signal())).toMatch(world.boots);
        expect(await readFile(driver.consolePath(vm), 'utf8')).toMatch(world.boots);
        await driver.stop(vm);
        await driver.stop(vm);
        expect((await seen(vm))?.running).toBe(false);
      });

      it('goes on in another process where one was killed after start', async () => {
        const { vm } = await define();
        await driver.start(vm);
        const next = world.again();
        await next.start(vm);
        expect(await next.awaitConsole(vm, world.boots, signal())).toMatch(world.boots);
      });

      it('appends to the console log over a stop and a start', async () => {
        const { vm } = await define();
        await driver.start(vm);
        await driver.awaitConsole(vm, world.boots, signal());
        await driver.stop(vm);
        const before = await readFile(driver.consolePath(vm), 'utf8');
        await driver.start(vm);
        expect((await readFile(driver.consolePath(vm), 'utf8')).startsWith(before)).toBe(true);
      });

      it('ends the wait for a console whose domain stops, and one that is aborted', async () => {
        const { vm } = await define();
        await driver.start(vm);
        const stopped = expect(driver.awaitConsole(vm, NEVER, signal())).rejects.toMatchObject({
          fault: { kind: 'unavailable' },
        });
        await driver.awaitConsole(vm, world.boots, signal());
        await driver.stop(vm);
        await stopped;
        await expect(driver.awaitConsole(vm, NEVER, signal())).rejects.toMatchObject({
          fault: { kind: 'unavailable' },
        });
        await driver.start(vm);
        const reason = new Error('cancelled');
        const abort = new AbortController();
        const aborted = expect(driver.awaitConsole(vm, NEVER, abort.signal)).rejects.toBe(reason);
        abort.abort(reason);
        await aborted;
      });

      it('presses the power button and tells whether the guest went off', async () => {
        const { vm } = await define();
        expect(await driver.shutdown(vm, 1_000, signal())).toBe(true);
        await driver.start(vm);
        await driver.awaitConsole(vm, world.boots, signal());
        expect(await driver.shutdown(vm, world.heedsAcpi ? 30_000 : 1_000, signal())).toBe(world.heedsAcpi);
        expect((await seen(vm))?.running).toBe(!world.heedsAcpi);
      });

      it('sees at once that a domain is off while it waits for a shutdown', async () => {
        const { vm } = await define();
        await driver.start(vm);
        const began = Date.now();
        const off = driver.shutdown(vm, 60_000, signal());
        await driver.stop(vm);
        expect(await off).toBe(true);
        expect(Date.now() - began).toBeLessThan(9_000);
      });

      it('gives a shutdown up with its reason when it is aborted, and its grace an end', async () => {
        const { vm } = await define();
        await driver.start(vm);
        await driver.awaitConsole(vm, world.boots, signal());
        const reason = new Error('cancelled');
        const aborted = AbortSignal.abort(reason);
        await expect(driver.shutdown(vm, 60_000, aborted)).rejects.toBe(reason);
        expect((await seen(vm))?.running).toBe(true);
        if (world.heedsAcpi) return;
        const abort = new AbortController();
        const waiting = expect(driver.shutdown(vm, 60_000, abort.signal)).rejects.toBe(reason);
        abort.abort(reason);
        await waiting;
        expect(await driver.shutdown(vm, 0, signal())).toBe(false);
        expect((await seen(vm))?.running).toBe(true);
      });

      it('rejects a wait that was aborted before it began', async () => {
        const { vm } = await define();
        const reason = new Error('too late');
        await expect(driver.awaitConsole(vm, NEVER, AbortSignal.abort(reason))).rejects.toBe(reason);
      });

      it('notices a guest that dies while it is waited for, and starts it again', async () => {
        const { vm } = await define();
        await driver.start(vm);
        await driver.awaitConsole(vm, world.boots, signal());
        const console = expect(driver.awaitConsole(vm, NEVER, signal())).rejects.toMatchObject({
          fault: { kind: 'unavailable' },
        });
        const off = world.heedsAcpi ? Promise.resolve(true) : driver.shutdown(vm, 60_000, signal());
        await world.crash(vm);
        await console;
        expect(await off).toBe(true);
        expect((await seen(vm))?.running).toBe(false);
        await driver.start(vm);
        expect((await seen(vm))?.running).toBe(true);
      });

      it('finds in the console what was written before it was asked, also when the guest is off', async () => {
        const { vm } = await define();
        await driver.start(vm);
        await driver.awaitConsole(vm, world.boots, signal());
        await driver.stop(vm);
        expect(await driver.awaitConsole(vm, world.boots, signal())).toMatch(world.boots);
      });

      it('changes the description of a guest that runs, and undefines it', async () => {
        const spec = await define();
        await driver.start(spec.vm);
        expect(await driver.define({ ...spec, memory: mib(96) })).toContain(`<memory unit='MiB'>96</memory>`);
        expect((await seen(spec.vm))?.running).toBe(true);
        await driver.undefine(spec.vm);
        expect(await seen(spec.vm)).toBeUndefined();
        await driver.define(spec);
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
        await driver.start(vm);
        expect((await seen(vm))?.running).toBe(true);
        await driver.stop(vm);
      });

      it('starts and stops many at once', async () => {
        const specs = await Promise.all([define(), define(), define()]);
        await Promise.all(specs.map(({ vm }) => driver.start(vm)));
        await Promise.all(specs.map(({ vm }) => driver.awaitConsole(vm, world.boots, signal())));
        await Promise.all(specs.map(({ vm }) => driver.undefine(vm)));
        for (const { vm } of specs) expect(await seen(vm)).toBeUndefined();
      });

      it('does not start what is not defined', async () => {
        await expect(driver.start(randomUUID() as VmId)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
      });

      const runs = async (format: Format = 'qcow2'): Promise<DomainSpec> => {
        const spec = await define(await world.guest(format));
        await driver.start(spec.vm);
        await driver.awaitConsole(spec.vm, world.boots, signal());
        return spec;
      };
      const targets = (xml: string | null): readonly string[] =>
        [...(xml ?? '').matchAll(/<target dev='([sv]d[a-z]+)'/g)].map(([, diskId = '']) => diskId).sort();

      it('keeps moments of a running guest, each once, and removes them', async () => {
        const { vm } = await runs();
        const [one, two] = [mintSnapshot(), mintSnapshot()];
        await driver.snapshots.ensure(vm, one);
        await world.again().snapshots.ensure(vm, one);
        await driver.snapshots.ensure(vm, two);
        expect([...(await driver.snapshots.list(vm))].sort()).toEqual([one, two].sort());
        expect((await seen(vm))?.running).toBe(true);
        await driver.snapshots.remove(vm, one);
        await driver.snapshots.remove(vm, one);
        expect(await world.again().snapshots.list(vm)).toEqual([two]);
        await driver.stop(vm);
        expect(await driver.snapshots.list(vm)).toEqual([two]);
        await driver.snapshots.remove(vm, two);
        expect(await driver.snapshots.list(vm)).toEqual([]);
        await driver.snapshots.remove(randomUUID() as VmId, two);
        expect(await driver.snapshots.list(randomUUID() as VmId)).toEqual([]);
      });

      it('takes a guest back, running or not, as often as it is asked', async () => {
        const { vm } = await runs();
        const snapshot = mintSnapshot();
        await driver.snapshots.ensure(vm, snapshot);
        for (const before of [async () => undefined, () => driver.stop(vm), () => world.crash(vm)]) {
          await before();
          await driver.snapshots.revert(vm, snapshot);
          await world.again().snapshots.revert(vm, snapshot);
          expect((await seen(vm))?.running).toBe(true);
        }
        await expect(driver.snapshots.revert(vm, mintSnapshot())).rejects.toMatchObject({
          fault: { kind: 'not-found' },
        });
        expect(await driver.snapshots.list(vm)).toEqual([snapshot]);
      });

      it('refuses to keep a guest that is off, or whose writable disk cannot keep it, which it names', async () => {
        const off = await define(await world.guest('qcow2'));
        await expect(driver.snapshots.ensure(off.vm, mintSnapshot())).rejects.toMatchObject({
          fault: { kind: 'conflict' },
        });
        const { vm } = await runs('raw');
        await expect(driver.snapshots.ensure(vm, mintSnapshot())).rejects.toMatchObject({
          fault: { kind: 'conflict', why: expect.stringContaining('sda') },
        });
        expect(await driver.snapshots.list(vm)).toEqual([]);
      });

      it('gives a running guest a disk for good, and takes it away', async () => {
        const { vm } = await runs();
        const disk = { diskId: 'sdb', source: await world.blank('qcow2') };
        expect(targets(await driver.attachDisk(vm, disk))).toEqual(['sda', 'sdb']);
        expect(targets(await world.again().attachDisk(vm, disk))).toEqual(['sda', 'sdb']);
        const other = { diskId: 'sdb', source: await world.blank('qcow2') };
        await expect(driver.attachDisk(vm, other)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
        await driver.stop(vm);
        await driver.start(vm);
        expect(targets(await driver.attachDisk(vm, disk))).toEqual(['sda', 'sdb']);
        expect(targets(await driver.detachDisk(vm, 'sdb'))).toEqual(['sda']);
        expect(targets(await driver.detachDisk(vm, 'sdb'))).toEqual(['sda']);
        expect((await seen(vm))?.running).toBe(true);
        await driver.stop(vm);
        expect(targets(await driver.attachDisk(vm, other))).toEqual(['sda', 'sdb']);
        expect(targets(await driver.detachDisk(vm, 'sdb'))).toEqual(['sda']);
      });

      it('attaches to no domain, and detaches from none', async () => {
        const vm = randomUUID() as VmId;
        const disk = { diskId: 'sdb', source: await world.blank('qcow2') };
        await expect(driver.attachDisk(vm, disk)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
        expect(await driver.detachDisk(vm, 'sdb')).toBe(null);
      });

      it('takes a guest back to the disks that it had, and lets the others be attached again', async () => {
        const { vm } = await runs();
        const [first, later] = [mintSnapshot(), mintSnapshot()];
        await driver.snapshots.ensure(vm, first);
        const disk = { diskId: 'sdb', source: await world.blank('qcow2') };
        await driver.attachDisk(vm, disk);
        await driver.snapshots.ensure(vm, later);
        await driver.snapshots.revert(vm, first);
        expect(targets(await driver.detachDisk(vm, 'none'))).toEqual(['sda']);
        expect(targets(await driver.attachDisk(vm, disk))).toEqual(['sda', 'sdb']);
        await driver.snapshots.revert(vm, later);
        expect(targets(await driver.detachDisk(vm, 'none'))).toEqual(['sda', 'sdb']);
        await driver.snapshots.revert(vm, first);
        await expect(driver.snapshots.remove(vm, later)).rejects.toMatchObject({
          fault: { kind: 'conflict', why: expect.stringContaining('sdb') },
        });
        await driver.attachDisk(vm, disk);
        await driver.snapshots.remove(vm, later);
        await driver.snapshots.remove(vm, first);
        expect(await driver.snapshots.list(vm)).toEqual([]);
      });

      it('leaves no snapshot of what it undefines', async () => {
        const spec = await runs();
        await driver.snapshots.ensure(spec.vm, mintSnapshot());
        await driver.undefine(spec.vm);
        expect(await seen(spec.vm)).toBeUndefined();
        await driver.define(spec);
        expect(await driver.snapshots.list(spec.vm)).toEqual([]);
      });

      it('undefines twice, running or never there, and leaves no console', async () => {
        const { vm } = await define();
        await driver.start(vm);
        await driver.awaitConsole(vm, world.boots, signal());
        await driver.undefine(vm);
        await driver.undefine(vm);
        await driver.undefine(randomUUID() as VmId);
        expect(await seen(vm)).toBeUndefined();
        expect(existsSync(driver.consolePath(vm))).toBe(false);
      });
    },
  );
}
