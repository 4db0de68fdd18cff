import { unavailable } from '../../domain/fault.ts';
import { libvirtUri } from './libvirt.ts';
import type { Stack } from './running.ts';
import type { Settings } from './settings.ts';

/** 'unavailable' with the way out unless this process may make bridges, mounts and guests. */
export function needsRoot(): void {
  if (process.getuid?.() === 0) return;
  throw unavailable(
    'A real node needs root: it makes bridges, mounts and guests. Run it as root, or simulate nodes with --sim.',
  );
}

/** How this machine's libvirt is reached; a daemon of our own ends with the process, its guests go on. */
export async function privateLibvirt({ paths, config, log }: Settings, things: Stack): Promise<string> {
  const configured = config.node.libvirt_uri;
  const { uri, stop } = await libvirtUri({ dir: paths.libvirt, log, ...(configured ? { configured } : {}) });
  things.push({ stop });
  return uri;
}
