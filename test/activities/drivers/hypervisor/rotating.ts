import { renameSync, writeFileSync } from 'node:fs';

/** Files that virtlogd keeps of a log besides the one it writes. */
const ASIDE = 3;

/** Moves a log aside as virtlogd does, over the oldest if there are as many as it keeps, and begins another with this text. */
export function rotate(log: string, text = '', aside = ASIDE): void {
  const names = [log, ...Array.from({ length: aside }, (_, number) => `${log}.${number}`)];
  for (let number = aside; number > 0; number -= 1) {
    try {
      renameSync(names[number - 1] ?? '', names[number] ?? '');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  writeFileSync(log, text);
}
