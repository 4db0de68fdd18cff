import { invalid } from '../../../domain/fault.ts';
import type { EntryWish } from '../../core/vm-pool/entry-wish.ts';

/** What a body asks for a VM: everything that cannot be read of it becomes a sentence of its own. 'invalid' for no object at all. */
export function wishOf(document: unknown): EntryWish {
  if (typeof document !== 'object' || document === null) throw invalid('body', 'must be a JSON object.');
  const unread: string[] = [];
  let wish: EntryWish = {};
  for (const [key, value] of Object.entries(document)) {
    if (key === 'lifetime') wish = { ...wish, lifetimeHours: numberOf(value), lifetimeText: textOf(value) };
    else if (key === 'tags') wish = { ...wish, tags: tagsOf(value, unread) };
    else if (key === 'disk') wish = { ...wish, diskGiB: numberOf(value), diskText: textOf(value) };
    // vmpooler's words, which name the value.
    else unread.push(`Unknown argument ${textOf(value)}.`);
  }
  return { ...wish, unread };
}

const NUMBER = /^\s*[+-]?\d+(\.\d+)?\s*$/;

/** NaN for what is no number. */
const numberOf = (value: unknown): number =>
  typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value)) ? Number(value) : Number.NaN;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function tagsOf(value: unknown, unread: string[]): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    unread.push(`You provided tags (${JSON.stringify(value)}) as something other than a hash.`);
    return {};
  }
  const tags: [string, string][] = [];
  for (const [tag, one] of Object.entries(value)) {
    // Null is passed over like the empty text.
    if (one === null || ['string', 'number', 'boolean'].includes(typeof one)) tags.push([tag, String(one ?? '')]);
    else unread.push(`You provided a tag (${tag}) whose value is not a text.`);
  }
  return Object.fromEntries(tags);
}
