import { createContext, Script } from 'node:vm';
import { invalid } from '../../domain/fault.ts';

/** All names of a list together: a pattern that needs longer was made to. */
const PATIENCE_MS = 200;

const TEST = new Script('names.map((name) => pattern.test(name))');

/**
 * Those whose name matches a regular expression, with anything around it unless it begins with '^' or ends with '$'; all
 * without one. 'invalid' for what is none, and for one that backtracks for ever: it would keep everybody else waiting.
 */
export function matching<T>(limit: string | undefined, items: readonly T[], nameOf: (item: T) => string): readonly T[] {
  if (limit === undefined || limit === '') return items;
  const hits = test(patternOf(limit), items.map(nameOf));
  return items.filter((_, index) => hits[index]);
}

function patternOf(limit: string): RegExp {
  try {
    return new RegExp(limit);
  } catch {
    throw invalid('limit', `'${limit}' is no regular expression.`);
  }
}

function test(pattern: RegExp, names: readonly string[]): readonly boolean[] {
  try {
    return TEST.runInContext(createContext({ pattern, names }), { timeout: PATIENCE_MS }) as boolean[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw invalid('limit', `'${pattern.source}' takes too long to match: make it simpler.`);
  }
}
