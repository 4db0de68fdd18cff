import { invalid } from '../../domain/fault.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that bytes are, byte order marks and all; 'invalid' naming the field unless they are UTF-8. */
export function decoded(bytes: Uint8Array, field: string, why = 'is not UTF-8.'): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    // Its cause says no more.
    throw invalid(field, why);
  }
}

/** Throws 'invalid' naming the first text in a value of JSON that UTF-8 cannot hold, though an escape can. */
export function mustBeText(value: unknown, path: readonly string[] = []): void {
  const field = path.join('.') || 'body';
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw invalid(field, 'holds half of a surrogate pair, which is no character.');
  } else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) {
      mustBeText(key, path);
      mustBeText(inner, [...path, key]);
    }
}
