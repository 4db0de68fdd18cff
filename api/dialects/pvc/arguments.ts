import type { ZodType } from 'zod';
import { splitArgument } from '../../../domain/profile.ts';
import { repeated, text } from '../../http/words.ts';

/** Arguments as name=value, whose values may contain `=` again; one name has one value. */
export const scriptArguments = (description: string): ZodType<readonly string[]> =>
  repeated(description, text('name=value'))
    .superRefine((given, context) => {
      const name = contradicted(given);
      if (name !== undefined) context.addIssue(`'${name}' is given more than once.`);
    })
    .openapi({ type: 'array', items: { type: 'string' }, description });

/** The first name that has two values. */
function contradicted(given: readonly string[]): string | undefined {
  const known = new Map<string, string>();
  for (const arg of given.map(splitArgument)) {
    if (arg === null) continue;
    if (known.has(arg.name) && known.get(arg.name) !== arg.value) return arg.name;
    known.set(arg.name, arg.value);
  }
  return undefined;
}
