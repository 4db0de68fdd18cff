import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { unavailable } from '../../domain/fault.ts';
import type { NodeName } from '../../domain/ids.ts';
import type { Paths } from '../paths.ts';
import { type HostLibvirt, libvirtUri } from './libvirt.ts';
import type { Stack } from './running.ts';
import type { Settings } from './settings.ts';

/** 'unavailable' with the way out unless this process may make bridges, mounts and guests. */
export function needsRoot(): void {
  if (process.getuid?.() === 0) return;
  throw unavailable(
    'A real node needs root: it makes bridges, mounts and guests. Run it as root, or simulate nodes with --sim.',
  );
}

/** This machine's libvirt for the node; a daemon of our own ends with the process, its guests go on. */
export async function hostLibvirt(
  { paths, config, log }: Settings,
  name: NodeName,
  things: Stack,
): Promise<HostLibvirt> {
  const configured = config.node.libvirt_uri;
  const found = things.push(await libvirtUri({ dir: paths.libvirt, log, ...(configured ? { configured } : {}) }));
  rememberLibvirt(paths, name, found);
  return found;
}

/** Keeps in the data directory which libvirt has the node's guests: whoever ends them may know no configuration. */
export function rememberLibvirt(paths: Paths, name: string, { uri, own }: Pick<HostLibvirt, 'uri' | 'own'>): void {
  const file = paths.nodeLibvirt(name);
  mkdirSync(dirname(file), { recursive: true });
  if (own) rmSync(file, { force: true });
  else writeFileSync(file, `${uri}\n`);
}

/** URI of the libvirt that the node used last; null for the private one, and where no node ever ran. */
export function rememberedLibvirt(paths: Paths, name: string): string | null {
  const file = paths.nodeLibvirt(name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}
