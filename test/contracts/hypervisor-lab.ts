import { randomUUID } from 'node:crypto';
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

/** What every case has: a world that is there once the first begins, and what can be done in it. */
export interface HypervisorLab {
  readonly world: HypervisorWorld;
  readonly driver: HypervisorDriver;
  /** Defines a domain of its own id, which goes with the lab. */
  define(change?: Partial<DomainSpec>): Promise<DomainSpec>;
  seen(vm: VmId): Promise<{ readonly vm: VmId; readonly name: string; readonly running: boolean } | undefined>;
  /** A guest that has booted. */
  runs(format?: Format): Promise<DomainSpec>;
  open(): Promise<void>;
  close(): Promise<void>;
}

export const mintSnapshot = () => `s${randomUUID().replaceAll('-', '').slice(1)}` as SnapshotId;
export const signal = () => AbortSignal.timeout(60_000);
export const NEVER = /this is written by no guest/;

/** Disks of a domain's description, in their order. */
export const targets = (xml: string | null): readonly string[] =>
  [...(xml ?? '').matchAll(/<target dev='([sv]d[a-z]+)'/g)].map(([, diskId = '']) => diskId).sort();

export function hypervisorLab(make: () => Promise<HypervisorWorld>): HypervisorLab {
  let opened: HypervisorWorld | undefined;
  const made: VmId[] = [];
  const lab: HypervisorLab = {
    get world() {
      if (!opened) throw new Error('bug: the lab was not opened');
      return opened;
    },
    get driver() {
      return lab.world.driver;
    },
    define: async (change = {}) => {
      const vm = randomUUID() as VmId;
      made.push(vm);
      const name = `contract-${vm.slice(0, 8)}`;
      const base = { name, memory: mib(64), vcpus: 1, nics: [], serial: true, vnc: null };
      const spec: DomainSpec = { vm, ...base, seed: null, ...(await lab.world.guest()), ...change };
      await lab.driver.define(spec);
      return spec;
    },
    seen: async (vm) => (await lab.driver.list()).find((domain) => domain.vm === vm),
    runs: async (format = 'qcow2') => {
      const spec = await lab.define(await lab.world.guest(format));
      await lab.driver.start(spec.vm);
      await lab.driver.awaitConsole(spec.vm, lab.world.boots, signal());
      return spec;
    },
    open: async () => {
      opened = await make();
    },
    close: async () => {
      for (const vm of made) await opened?.driver.undefine(vm);
      await opened?.end();
    },
  };
  return lab;
}
