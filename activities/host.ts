import type { ControlPlane, SeedInput } from '../domain/control-plane.ts';
import type { VmId } from '../domain/ids.ts';
import type { HypervisorDriver } from './drivers/hypervisor/driver.ts';
import type { Installer } from './drivers/installer/driver.ts';
import type { NetworkDriver } from './drivers/network/driver.ts';
import type { StorageDriver } from './drivers/storage/driver.ts';
import { diskActivities } from './host-disk.ts';
import { domainActivities } from './host-domain.ts';
import { installActivities } from './host-install.ts';
import { networkActivities } from './host-network.ts';

/** What the activities of one node work with. */
export interface HostDeps {
  /** The node's own directory: seeds and boot files. */
  readonly dir: string;
  /** The driver of a storage pool; 'not-found' for an unknown one. */
  readonly storage: (pool: string) => Promise<StorageDriver>;
  readonly hypervisor: HypervisorDriver;
  readonly network: NetworkDriver;
  readonly installer: Installer;
  readonly controlPlane: ControlPlane;
  /** Makes a NoCloud seed image at this path, whatever was there. */
  readonly writeSeed: (path: string, seed: SeedInput) => Promise<void>;
  /** How many scripts and mkfs run at once; the others wait in order. */
  readonly concurrency: number;
  /** Told when a domain has been started. */
  readonly started: (vm: VmId) => void;
  /** Told of what went wrong without failing the activity. */
  readonly warn: (message: string, error: unknown) => void;
}

export type HostActivities = ReturnType<typeof hostActivities>;

/** Activities of a node's queue: one effect each, repeatable. */
export function hostActivities(deps: HostDeps) {
  return {
    ...diskActivities(deps),
    ...installActivities(deps),
    ...networkActivities(deps),
    ...domainActivities(deps),
  };
}
