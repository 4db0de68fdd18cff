import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Replaces a file in one step, whoever else writes it meanwhile; where that fails, a full disk for one, nothing is left of it. */
export function replaceFile(file: string, text: string, mode?: number): void {
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, text, mode === undefined ? {} : { mode });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
