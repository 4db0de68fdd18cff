import type { Run } from '../run.ts';
import type { Installer } from './driver.ts';
import { linux } from './linux.ts';
import { sim } from './sim.ts';

export interface InstallerSettings {
  readonly run: Run;
  /** Directory of image files that scripts may import. */
  readonly imagesDir: string;
  readonly stepMs: number;
}

/** Every backend there is, by the node's driver. */
export const installers = {
  libvirt: ({ run, imagesDir }) => linux({ run, imagesDir }),
  sim: ({ stepMs }) => sim({ stepMs }),
} satisfies Record<'libvirt' | 'sim', (settings: InstallerSettings) => Installer>;
