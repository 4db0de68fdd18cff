import type { NetworkDriver } from './driver.ts';
import { linux } from './linux.ts';
import { sim } from './sim.ts';

/** Every backend there is. Adding one is a file beside these and a line here. */
export const networkDrivers = { linux, sim } satisfies Record<string, (settings: never) => NetworkDriver>;
