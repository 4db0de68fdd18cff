import { invalid } from '../../domain/fault.ts';

/** What would lead out of the place in a path that a name stands at: to another thing, which is then what is shown or deleted. */
const NO_NAMES = ['', '.', '..'];

/** The name; bad usage if it is none. The API would take a blank for a '+' and answer about another name. */
export function oneWord(name: string): string {
  if (/\s/.test(name)) throw invalid(`'${name}'`, 'no name holds white space.');
  if (NO_NAMES.includes(name)) throw invalid(`'${name}'`, 'is no name.');
  return name;
}

/** A name as one part of a path. */
export const part = (name: string): string => encodeURIComponent(oneWord(name));
