import { existsSync } from 'node:fs';
import { join } from 'node:path';

const DIRECTORIES = (process.env.PATH ?? '').split(':').concat('/usr/sbin', '/sbin');

/** Why tests with these programs cannot run here; undefined if they can. */
export function missing(programs: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const absent = programs.find((program) => !DIRECTORIES.some((dir) => existsSync(join(dir, program))));
  return absent && `no ${absent}`;
}

export const missingLibvirt = (): string | undefined => missing(['libvirtd', 'virsh', 'qemu-system-x86_64']);
