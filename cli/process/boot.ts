import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { bootId } from '../temporal/process.ts';

/** Whether the host has been booted, or its guests were ended with their node, since `file` was last written. */
export function isFirstOfBoot(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').trim() !== bootId();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

/** From now on, what starts with the node has been started. */
export const rememberBoot = (file: string): void => writeFileSync(file, `${bootId()}\n`);

/** What starts with the node is to be started when it comes up next. */
export const forgetBoot = (file: string): void => rmSync(file, { force: true });
