import { join } from 'node:path';
import type { HypervisorDriver } from '../../activities/drivers/hypervisor/driver.ts';
import { hypervisorDrivers } from '../../activities/drivers/hypervisor/index.ts';
import type { SimHypervisorSettings } from '../../activities/drivers/hypervisor/sim.ts';
import type { Installer } from '../../activities/drivers/installer/driver.ts';
import { installers } from '../../activities/drivers/installer/index.ts';
import { launcher } from '../../activities/drivers/launcher.ts';
import type { NetworkDriver } from '../../activities/drivers/network/driver.ts';
import { networkDrivers } from '../../activities/drivers/network/index.ts';
import { run } from '../../activities/drivers/run.ts';
import { isoSeed, simSeed, type WriteSeed } from '../../activities/drivers/seed.ts';
import type { StorageDriver } from '../../activities/drivers/storage/driver.ts';
import { storageDriver } from '../../activities/drivers/storage/index.ts';
import type { NodeName } from '../../domain/ids.ts';
import type { StoragePool } from '../../domain/volume.ts';
import type { Paths } from '../paths.ts';
import type { HostLibvirt } from './libvirt.ts';
import type { Settings } from './settings.ts';

/** What one node works with. */
export interface NodeDrivers {
  readonly hypervisor: HypervisorDriver;
  readonly network: NetworkDriver;
  readonly installer: Installer;
  readonly storage: (pool: StoragePool) => StorageDriver;
  readonly writeSeed: WriteSeed;
}

/** Drivers of this machine: QEMU by libvirt, bridges, local disks. `metadataPort` is where its metadata service listens. */
export function realDrivers(
  settings: Settings,
  name: NodeName,
  { uri, own, reaching, consoleLost }: Omit<HostLibvirt, 'stop'>,
  metadataPort: number,
): NodeDrivers {
  const { paths, config } = settings;
  const dir = paths.node(name);
  const run = launcher();
  const installer = installers.libvirt({
    run,
    imagesDir: config.node.images_dir ?? paths.images,
    stepMs: 0,
  });
  return {
    hypervisor: hypervisorDrivers.libvirt({
      ...{ uri, dir, run: reaching(run), filesystems: installer.filesystems, consoleLost },
      passableFrom: own ? undefined : paths.dir,
    }),
    network: networkDrivers.linux({ dir, run, metadataPort }),
    installer,
    storage: (pool) => storageDriver(pool, { run, simDir: '', stepMs: 0 }),
    writeSeed: isoSeed(run),
  };
}

/** Drivers of a simulated node, which makes nothing real, whatever the pools are on other nodes; every effect takes `stepMs`. */
export function simulatedDrivers(settings: Settings, name: NodeName, stepMs: number): NodeDrivers {
  const below = (part: string): string => join(settings.paths.sim, name, part);
  const installer = installers.sim({ run, imagesDir: '', stepMs });
  return {
    hypervisor: simulatedHypervisor(settings.paths, name, { stepMs, filesystems: installer.filesystems }),
    network: networkDrivers.sim({ dir: below('network'), stepMs }),
    installer,
    storage: (pool) => storageDriver({ ...pool, driver: 'sim' }, { run, simDir: below('pools'), stepMs }),
    writeSeed: simSeed,
  };
}

/** The guests of a simulated node. */
export const simulatedHypervisor = (
  paths: Paths,
  name: string,
  more: Pick<SimHypervisorSettings, 'stepMs' | 'filesystems'> = {},
): HypervisorDriver => hypervisorDrivers.sim({ dir: join(paths.sim, name, 'hypervisor'), ...more });
