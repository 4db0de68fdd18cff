import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { parseDocument, stringify } from 'yaml';
import type { z } from 'zod';
import { profileDocument } from '../../api/dialects/pvc/profile-document.ts';
import { conflict, invalid } from '../../domain/fault.ts';

export type ProfileFileDocument = z.infer<typeof profileDocument>;

/** The file that a profile directory is known by. */
export const PROFILE_FILE = 'profile.yaml';

/** Keys of profile.yaml that name a file beside it, and the name it gets when a profile is exported. */
const TEXTS = { script: 'script.py', userdata: 'userdata.yaml' } as const;

/** Reads `dir`/profile.yaml with the files it names; 'invalid' naming file, key and reason. */
export function readProfile(dir: string): ProfileFileDocument {
  const file = join(dir, PROFILE_FILE);
  const yaml = parseDocument(readText(file, dir));
  const [broken] = yaml.errors;
  if (broken) throw invalid(file, broken.message);
  const value: unknown = yaml.toJS();
  if (typeof value !== 'object' || value === null) throw invalid(file, 'is empty');
  const whole: Record<string, unknown> = { ...value };
  for (const key of Object.keys(TEXTS)) {
    const name = whole[key];
    if (typeof name === 'string') whole[key] = readText(beside(dir, file, key, name), dir);
  }
  const parsed = profileDocument.safeParse(whole);
  if (parsed.success) return parsed.data;
  throw invalid(
    file,
    parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`).join('; '),
  );
}

/** A profile may only name files of its own directory: applying one found somewhere must not read anything else. */
function beside(dir: string, file: string, key: string, name: string): string {
  const inside = relative(resolve(dir), resolve(dir, name));
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) {
    throw invalid(`${file}: ${key}`, `'${name}' is no file of this directory`);
  }
  return join(dir, inside);
}

function readText(file: string, dir: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const missing = file.endsWith(PROFILE_FILE)
      ? `a profile is a directory with ${PROFILE_FILE}`
      : 'it is named in profile.yaml';
    throw invalid(dir, `there is no ${relative(dir, file)}: ${missing}`);
  }
}

/** Writes the directory that `readProfile` reads back as this document; 'conflict' if there is a profile already. */
export function writeProfile(dir: string, document: ProfileFileDocument): void {
  if (existsSync(join(dir, PROFILE_FILE)))
    throw conflict(`${dir} has a ${PROFILE_FILE} already: name another directory.`);
  mkdirSync(dir, { recursive: true });
  const named: Record<string, unknown> = { ...document };
  for (const [key, name] of Object.entries(TEXTS)) {
    const text = named[key];
    if (typeof text !== 'string') continue;
    writeFileSync(join(dir, name), text);
    named[key] = name;
  }
  writeFileSync(join(dir, PROFILE_FILE), stringify(named));
}
