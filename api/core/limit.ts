import { invalid } from '../../domain/fault.ts';

/** Matches names by a regular expression, anything around it unless it begins with '^' or ends with '$'. */
export function nameMatcher(limit: string | undefined): (name: string) => boolean {
  if (limit === undefined || limit === '') return () => true;
  try {
    const pattern = new RegExp(limit);
    return (name) => pattern.test(name);
  } catch {
    throw invalid('limit', `'${limit}' is no regular expression.`);
  }
}
