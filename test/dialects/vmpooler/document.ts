import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A curl line of vmpooler's API document (2015, Apache-2.0) and the answer beside it. */
export interface Example {
  readonly line: string;
  readonly answer: unknown;
}

const DOCUMENT = readFileSync(join(import.meta.dirname, 'document.md'), 'utf8');

/** Every example, in the document's order: a block that begins with `$ curl`, then a block of JSON. */
export function examples(): readonly Example[] {
  const blocks = [...DOCUMENT.matchAll(/(`{3,4})(json)?\s(.*?)\s\1(?!`)/gs)].map(([, , kind, text = '']) => ({
    kind,
    text,
  }));
  return blocks.flatMap(({ text }, index) => {
    const [, line] = /^\$ (curl .*?)(?: Enter host password.*)?$/s.exec(text) ?? [];
    const answer = blocks.slice(index + 1).find(({ kind }) => kind === 'json')?.text;
    return line === undefined || answer === undefined ? [] : [{ line, answer: parse(answer) }];
  });
}

/** The document leaves things out (`{...}`), and has commas behind the last of some lists. */
const parse = (text: string): unknown => JSON.parse(text.replaceAll('{...}', '{}').replaceAll(/,(\s*[}\]])/g, '$1'));

/** What a value is made of: its type, or those of its parts; of a list, what its first element is made of. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
}
