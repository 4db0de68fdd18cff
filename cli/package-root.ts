import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Directory with package.json: of the checkout, or of the installed package (whose programs are one level down, in dist/). */
const root = ((): string => {
  for (let dir = import.meta.dirname; dir !== dirname(dir); dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
  }
  throw new Error(`bug: no package.json above ${import.meta.dirname}`);
})();

/** Path of a file that is shipped with the product. */
export const packageFile = (...parts: readonly string[]): string => join(root, ...parts);

/** As in package.json. */
export const packageVersion = (): string => JSON.parse(readFileSync(packageFile('package.json'), 'utf8')).version;
