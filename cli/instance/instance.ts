import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** What `slipway up` says when it is ready, in this form also on standard output: kept stable. */
export const InstanceSchema = z.object({
  api: z.string(),
  /** Where vmpooler's API is without a prefix. */
  vmpooler: z.string(),
  temporal: z.string(),
  temporalUi: z.string().nullable(),
  token: z.string(),
  data: z.string(),
  pid: z.number(),
});
export type Instance = z.infer<typeof InstanceSchema>;

/** Written whole or not at all, for this user only: it holds the token. */
export function writeInstance(file: string, instance: Instance): void {
  const half = `${file}.${process.pid}`;
  writeFileSync(half, `${JSON.stringify(instance)}\n`, { mode: 0o600 });
  renameSync(half, file);
}

/** The instance that runs on this data directory; null if none does. */
export function readInstance(file: string): Instance | null {
  const text = readIfThere(file);
  if (text === null) return null;
  const parsed = InstanceSchema.safeParse(JSON.parse(text));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null;
}

/** Succeeds if nothing says any more that an instance runs here. */
export const removeInstance = (file: string): void => rmSync(file, { force: true });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
