import { copyFile, link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseKey, VmId } from '../domain/ids.ts';
import type { DirectBoot } from '../domain/plan.ts';
import { absent } from './drivers/absent.ts';
import type { InstallResult } from './drivers/installer/driver.ts';

/** Where a VM's boot files are kept on its node. */
export const bootDir = (nodeDir: string, vm: VmId): string => join(nodeDir, 'boot', vm);

/** The same for a base image. */
export const baseBootDir = (nodeDir: string, base: BaseKey): string => join(nodeDir, 'boot', `base-${base}`);

const stageOf = (dir: string): string => `${dir}.new`;

/** Where a script leaves the boot files that are to be in `dir`, empty. */
export async function freshStage(dir: string): Promise<string> {
  const stage = stageOf(dir);
  await rm(stage, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  return stage;
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

/** Gives a VM its base image's boot files as its own: they are never written to, so that it shares their blocks where it can. */
export async function shareBoot(base: string, dir: string): Promise<void> {
  // A base image whose guest has its own boot loader has none.
  const names = (await readdir(base).catch(absent)) ?? [];
  if (names.length > 0) await mkdir(dir, { recursive: true });
  for (const name of names) {
    const [from, to] = [join(base, name), join(dir, name)];
    await rm(to, { force: true });
    // Not every file system has hard links.
    await link(from, to).catch(() => copyFile(from, to));
  }
}

/** Also of a script that was killed while it made them. */
export async function removeBoot(dir: string): Promise<void> {
  for (const each of [dir, stageOf(dir)]) await rm(each, { recursive: true, force: true });
}

/** How the VM is booted directly; null if it has a boot loader. */
export async function readBoot(dir: string): Promise<DirectBoot | null> {
  const text = await readFile(join(dir, 'boot.json'), 'utf8').catch(absent);
  if (text === undefined) return null;
  const { cmdline, initrd } = JSON.parse(text) as BootFile;
  return { kernel: join(dir, 'kernel'), initrd: initrd ? join(dir, 'initrd') : null, cmdline };
}
