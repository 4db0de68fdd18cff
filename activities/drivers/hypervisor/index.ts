import type { HypervisorDriver } from './driver.ts';
import { libvirt } from './libvirt.ts';
import { sim } from './sim.ts';

/** Every backend there is. Adding one is a file beside these and a line here. */
export const hypervisorDrivers = { libvirt, sim } satisfies Record<string, (settings: never) => HypervisorDriver>;
