import { type Call, callsOf, unknownCalls } from './calls.ts';
import { Missing, type Place, Ungiven } from './engine.ts';
import { grammarFault } from './grammar.ts';
import { Refused } from './holes.ts';
import { TookTooLong } from './within-time.ts';

type Point = Place['start'];

/** Why a text is no user-data for this guest, in its author's words, with the line where that is known. */
export function whyNot(text: string, error: unknown): string {
  if (error instanceof Refused) return `${error.message}.`;
  if (error instanceof TookTooLong) return `it takes too long to be filled: longer than ${error.ms} ms.`;
  // Of the stack, while it was parsed: it would be again.
  if (error instanceof RangeError) return 'it is nested too deeply.';
  if (error instanceof Ungiven) return ungiven(text, error);
  const words = error instanceof Error ? error.message : String(error);
  const grammar = grammarFault(text, words);
  if (grammar !== null) return grammar;
  const missing = missingIn(text, error);
  const unknown = unknownCalls(text).find(({ loc }) => !missing?.start || holds(loc, missing.start));
  if (unknown) return noHelper(unknown);
  if (missing?.start) return noValue(missing.name, missing.start);
  if (missing) return `there is no value for '${missing.name}'.`;
  // Of its own helpers, when they are called with too little.
  if (error instanceof TypeError) return 'a helper is not given what it takes.';
  return `${words.split('\n').join(' ')}.`;
}

export const noHelper = ({ name, loc: { start } }: Call): string =>
  `there is no helper '${name}' (line ${start.line}, column ${start.column}).`;

/** What an error says has no value: its source, and where it stands. */
export function missingIn(text: string, error: unknown): { readonly name: string; readonly start?: Point } | null {
  if (error instanceof Ungiven) {
    const asked = error.loc && firstParameter(text, error.loc.start);
    return asked ? { name: sourceAt(text, asked), start: asked.start } : null;
  }
  if (!(error instanceof Missing)) return null;
  const { part, loc } = error;
  return loc ? { name: sourceAt(text, loc) || part, start: loc.start } : { name: part };
}

const noValue = (name: string, { line, column }: Point): string =>
  `there is no value for '${name}' (line ${line}, column ${column}).`;

function ungiven(text: string, error: Ungiven): string {
  const missing = missingIn(text, error);
  return missing?.start ? noValue(missing.name, missing.start) : 'there is no value for what a helper is asked to use.';
}

/** Where the first parameter of the helper that is called at `start` stands. */
const firstParameter = (text: string, start: Point): Place | undefined =>
  callsOf(text).find(({ loc }) => loc.start.line === start.line && loc.start.column === start.column)?.asked;

/** Whether a point is within. */
export const holds = ({ start, end }: Pick<Place, 'start' | 'end'>, point: Point): boolean =>
  !isBefore(point, start) && isBefore(point, end);

const isBefore = (a: Point, b: Point): boolean => a.line < b.line || (a.line === b.line && a.column < b.column);

/** What stands there, on one line. */
const sourceAt = (text: string, { start, end }: Pick<Place, 'start' | 'end'>): string =>
  (text.split('\n')[start.line - 1] ?? '').slice(start.column, end.column);
