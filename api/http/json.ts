import { invalid } from '../../domain/fault.ts';
import { mustBeText } from './utf8.ts';

/** Deeper ones are mistakes, and too much for whoever goes through them. */
const MAX_LEVELS = 100;

/** What a JSON text says; 'invalid' naming the body for any other and for one that is nested too deeply, and the field that is no text. */
export function parseJson(text: string): unknown {
  const value = parsed(text);
  if (text.length > 2 * MAX_LEVELS && isDeeper(value, MAX_LEVELS))
    throw invalid('body', `is nested more than ${MAX_LEVELS} levels deep.`);
  // Only an escape brings one in: the text itself has been decoded.
  if (/\\u[dD]/.test(text)) mustBeText(value);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its cause would quote the body, which may hold secrets.
    throw invalid('body', 'is not valid JSON.');
  }
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));
