import type { z } from './zod.ts';

/** What a value should have been, for people; for schemas that do not say it themselves. Give it to `safeParse` as its `error`. */
export const plainWords: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type')
    return issue.input === undefined ? 'is missing.' : `must be ${kindOf(issue.expected)}.`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}.`;
  if (issue.code === 'invalid_union') return issue.input === undefined ? 'is missing.' : unionOf(issue.errors);
  if (issue.code === 'too_small' && (issue.origin === 'string' || issue.origin === 'array'))
    return 'must not be empty.';
  if (issue.code === 'too_small') return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}.`;
  if (issue.code === 'too_big') return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}.`;
  if (issue.code === 'unrecognized_keys') return `does not know ${issue.keys.map((key) => `'${key}'`).join(', ')}.`;
  return undefined;
};

const KINDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
};

const kindOf = (expected: string): string => KINDS[expected] ?? expected;

/** Of a choice of simple values. */
function unionOf(errors: readonly (readonly z.core.$ZodIssue[])[]): string | undefined {
  const kinds = errors.flatMap(([first]) => (first?.code === 'invalid_type' && first.path.length === 0 ? [first] : []));
  return kinds.length === errors.length
    ? `must be ${kinds.map(({ expected }) => kindOf(expected)).join(' or ')}.`
    : undefined;
}
