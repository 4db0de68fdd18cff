import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseKey, VmId } from '../domain/ids.ts';
import type { DirectBoot } from '../domain/plan.ts';
import type { InstallResult } from './drivers/installer/driver.ts';

/** Where a VM's boot files are kept on its node. */
export const bootDir = (nodeDir: string, vm: VmId): string => join(nodeDir, 'boot', vm);

/** The same for a base image. */
export const baseBootDir = (nodeDir: string, base: BaseKey): string => join(nodeDir, 'boot', `base-${base}`);

/** Makes the directory, empty. */
export async function freshDir(dir: string): Promise<string> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  return dir;
}

/** What a directory of boot files says beside the files `kernel` and `initrd`. */
interface BootFile {
  readonly cmdline: string;
  readonly initrd: boolean;
}

/** Puts the boot files that a script left in `stage` in place of any in `dir`; without such a script nothing changes. */
export async function keepBoot(stage: string, dir: string, boot: InstallResult['boot']): Promise<void> {
  if (boot === null) return;
  const file: BootFile = { cmdline: boot.cmdline, initrd: boot.initrd !== null };
  await writeFile(join(stage, 'boot.json'), JSON.stringify(file));
  await rm(dir, { recursive: true, force: true });
  await rename(stage, dir);
}

/** How the VM is booted directly; null if it has a boot loader. */
export async function readBoot(dir: string): Promise<DirectBoot | null> {
  const text = await readFile(join(dir, 'boot.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const { cmdline, initrd } = JSON.parse(text) as BootFile;
  return { kernel: join(dir, 'kernel'), initrd: initrd ? join(dir, 'initrd') : null, cmdline };
}
