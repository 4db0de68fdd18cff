import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';

/** A text that browsers load. */
export interface Asset {
  readonly type: string;
  readonly text: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
};

/** Every text of a directory by its file name, read once: what is served is what the process was started with. */
export function assetsOf(directory: URL): ReadonlyMap<string, Asset> {
  const names = readdirSync(directory).filter((name) => extname(name) in TYPES);
  return new Map(
    names.map((name) => [
      name,
      { type: TYPES[extname(name)] ?? '', text: readFileSync(new URL(name, directory), 'utf8') },
    ]),
  );
}
