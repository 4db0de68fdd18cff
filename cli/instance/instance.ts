import { readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { replaceFile } from '../replace-file.ts';
import { beginningOf, isAlive, isOurs } from '../temporal/process.ts';

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

/** In the file: which process of that id it is. Older versions do not say. */
const InstanceFile = InstanceSchema.extend({ began: z.string().nullish() });

/** What `slipway up` has among its arguments, of whichever installation: it may be another version's that still runs. */
const UP = [/(^|\/)cli\/main\.[jt]s$/, 'up'] as const;

/** Written whole or not at all, for this user only: it holds the token. */
export function writeInstance(file: string, instance: Instance): void {
  writePrivate(file, { ...instance, began: beginningOf(instance.pid) });
}

/** The instance that runs on this data directory; null if none does, also when its process id is another program's by now. */
export function readInstance(file: string): Instance | null {
  const text = readIfThere(file);
  if (text === null) return null;
  const parsed = InstanceFile.safeParse(JSON.parse(text));
  if (!parsed.success) return null;
  const { began, ...instance } = parsed.data;
  const isIt = isOurs(instance.pid, ...UP) && (!began || began === beginningOf(instance.pid));
  return isIt ? instance : null;
}

/** Succeeds if nothing says any more that an instance runs here. */
export const removeInstance = (file: string): void => rmSync(file, { force: true });

const Holder = z.object({ pid: z.number(), began: z.string() });

/** Remembers that the process is, or is about to be, the one that has the data directory: from before it is ready. */
export function writeHolder(file: string, pid: number): void {
  const began = beginningOf(pid);
  if (began !== null) writePrivate(file, { pid, began } satisfies z.infer<typeof Holder>);
}

/** That process's id while it runs, else null. */
export function readHolder(file: string): number | null {
  const text = readIfThere(file);
  const { data } = Holder.safeParse(text === null ? null : JSON.parse(text));
  return data && isAlive(data.pid) && beginningOf(data.pid) === data.began ? data.pid : null;
}

/** Succeeds if nobody is remembered. */
export const removeHolder = (file: string): void => rmSync(file, { force: true });

const writePrivate = (file: string, content: object): void => replaceFile(file, `${JSON.stringify(content)}\n`, 0o600);

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
