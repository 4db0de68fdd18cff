import { existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { stringify } from 'yaml';
import { readYaml } from '../../api/core/yaml.ts';
import { BODY_LIMIT_BYTES } from '../../api/http/body-limit.ts';
import { conflict, DomainError, invalid } from '../../domain/fault.ts';
import { packageFile } from '../package-root.ts';
import { type Draft, type ProfileFileDocument, readDraft } from './draft.ts';

/** The file that a profile directory is known by. */
export const PROFILE_FILE = 'profile.yaml';

/** What editors complete and check profile.yaml by; made from the schema that the API checks it with. */
export const SCHEMA_FILE = 'profile.schema.json';

/** Keys of profile.yaml that name a file beside it, and the name it gets when a profile is exported. */
const TEXTS = { script: 'script.py', userdata: 'userdata.yaml' } as const;

/** What a directory says, or every reason why it says nothing. */
export interface Parsed {
  readonly document: ProfileFileDocument | null;
  readonly mistakes: readonly string[];
  /** What may be looked at all the same; not there if nothing may. */
  readonly rest?: Pick<Draft, 'draft' | 'isOpen'>;
}

/** Reads `dir`/profile.yaml with the files it names; 'invalid' naming file, key and reason. */
export function readProfile(dir: string): ProfileFileDocument {
  const { document, mistakes } = parseProfile(dir);
  if (document === null) throw invalid(join(dir, PROFILE_FILE), mistakes.join('; '));
  return document;
}

/** The same, with every mistake told apart. */
export function parseProfile(dir: string): Parsed {
  const read = readYaml(readText(join(dir, PROFILE_FILE), dir), { texts: 'arguments' });
  if ('mistakes' in read) return { document: null, mistakes: read.mistakes };
  const { value } = read;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { document: null, mistakes: [`${PROFILE_FILE}: holds no keys and values.`] };
  const whole: Record<string, unknown> = { ...value };
  const unread: string[] = [];
  for (const key of Object.keys(TEXTS)) {
    const name = whole[key];
    if (typeof name !== 'string') continue;
    const text = textOf(dir, key, name);
    if (typeof text === 'string') whole[key] = text;
    else {
      delete whole[key];
      unread.push(text.mistake);
    }
  }
  const { read: found, tooBig } = readFitting(whole);
  const { document, mistakes, ...rest } = found;
  return {
    document: unread.length + tooBig.length > 0 ? null : document,
    mistakes: [...unread, ...tooBig, ...mistakes.map(({ field, why }) => `${field || PROFILE_FILE}: ${why}`)],
    rest: { ...rest, isOpen: (key) => (Object.hasOwn(value, key) && !Object.hasOwn(whole, key)) || rest.isOpen(key) },
  };
}

/** The values without the texts, largest first, for which they would be more than the API takes in one request. */
function readFitting(whole: Record<string, unknown>): { readonly read: Draft; readonly tooBig: readonly string[] } {
  const tooBig: string[] = [];
  for (;;) {
    const read = readDraft(whole);
    const bytes = bytesOf(read.document ?? whole);
    if (bytes <= BODY_LIMIT_BYTES) return { read, tooBig };
    const [largest] = Object.keys(whole).sort((a, b) => bytesOf(whole[b]) - bytesOf(whole[a]));
    if (largest === undefined) throw new Error('bug: nothing is too much');
    tooBig.push(
      `${largest}: is too long: the API takes a profile of ${BODY_LIMIT_BYTES} bytes as JSON, and this one has ${bytes}, ${bytesOf(whole[largest])} of them here.`,
    );
    delete whole[largest];
  }
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

function textOf(dir: string, key: string, name: string): string | { readonly mistake: string } {
  try {
    return readText(beside(dir, key, name), dir);
  } catch (error) {
    if (error instanceof DomainError) return { mistake: error.message };
    throw error;
  }
}

/** A profile may only name files of its own directory: applying one found somewhere must not read anything else, by a link neither. */
function beside(dir: string, key: string, name: string): string {
  const file = resolve(dir, name);
  if (isOutside(dir, file) || isOutside(realPath(dir), realPath(file))) {
    throw invalid(key, `'${name}' is no file of this directory`);
  }
  return file;
}

function isOutside(dir: string | null, file: string | null): boolean {
  if (dir === null || file === null) return false;
  const [first] = relative(resolve(dir), resolve(file)).split(sep);
  return first === '' || first === '..';
}

/** Where a path leads through every symbolic link; null if nowhere, which whoever reads it is told. */
function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** Without a byte order mark. Bytes that are no text are refused: they would be others once they were kept, or not taken by the API. */
function readText(file: string, dir: string): string {
  const name = relative(dir, file);
  const text = decode(readBytes(file, name, dir), name, dir);
  if (text.includes('\0')) throw invalid(dir, `${name} has a NUL character in it`);
  return text;
}

function decode(bytes: Uint8Array, name: string, dir: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(dir, `${name} is not a text in UTF-8`);
  }
}

function readBytes(file: string, name: string, dir: string): Uint8Array {
  try {
    // What is no file may never end.
    if (statSync(file).isFile()) return readFileSync(file);
  } catch (error) {
    throw invalid(dir, unreadable(name, (error as NodeJS.ErrnoException).code));
  }
  throw invalid(dir, `'${name}' is not a file`);
}

function unreadable(name: string, code: string | undefined): string {
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return `${name} cannot be read (${code})`;
  const missing =
    name === PROFILE_FILE ? `a profile is a directory with ${PROFILE_FILE}` : `it is named in ${PROFILE_FILE}`;
  return `there is no ${name}: ${missing}`;
}

/** Writes the directory, in one that is there, that `readProfile` reads back as this document; 'conflict' if there is a profile already. */
export function writeProfile(dir: string, document: object): void {
  if (existsSync(join(dir, PROFILE_FILE)))
    throw conflict(`${dir} has a ${PROFILE_FILE} already: name another directory.`);
  makeDirectory(dir);
  const named: Record<string, unknown> = { ...document };
  for (const [key, name] of Object.entries(TEXTS)) {
    const text = named[key];
    if (typeof text !== 'string') continue;
    writeFileSync(join(dir, name), text);
    named[key] = name;
  }
  writeFileSync(join(dir, PROFILE_FILE), `# yaml-language-server: $schema=${SCHEMA_FILE}\n${stringify(named)}`);
  writeFileSync(join(dir, SCHEMA_FILE), readFileSync(packageFile('profiles', SCHEMA_FILE)));
}

// Not with those above it: where the kernel takes no directory, as in /proc, Node would try for ever.
function makeDirectory(dir: string): void {
  try {
    mkdirSync(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return;
    const parent = dirname(resolve(dir));
    if (!existsSync(parent)) throw invalid(dir, `cannot be made: there is no directory ${parent}`);
    throw invalid(dir, code === 'EEXIST' ? 'is not a directory' : `cannot be made (${code})`);
  }
}
