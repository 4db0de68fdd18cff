import { invalid } from '../../../domain/fault.ts';
import type { VolumeId } from '../../../domain/ids.ts';

/** Between a volume's name and the rest of a working file's name; no volume's name has it. */
const MARK = '~';

/** Refuses what could name a file elsewhere or a working file. */
export function checkName(volume: VolumeId): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(volume)) throw invalid('volume', `'${volume}' is no volume name.`);
}

/** Name of a file that does not count until it is renamed. */
export const workingName = (volume: VolumeId, mark: string = crypto.randomUUID()): string => `.${volume}${MARK}${mark}`;

/** Whose working file this is, or null if it is none. */
export function workingFor(file: string): VolumeId | null {
  const end = file.indexOf(MARK);
  return file.startsWith('.') && end > 1 ? (file.slice(1, end) as VolumeId) : null;
}
