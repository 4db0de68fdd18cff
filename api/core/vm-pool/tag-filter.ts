/** What Ruby takes for a part of a word where words begin and end; `\w` is ASCII in both. */
const WORD = '[\\p{Alphabetic}\\p{M}\\p{N}\\p{Pc}]';

/** After a backslash, what is said otherwise here, in a class of characters and beside one; null where that cannot be. */
const ESCAPES: Readonly<Record<string, readonly [inside: string | null, outside: string | null]>> = {
  A: [null, '^'],
  z: [null, '$'],
  Z: [null, '(?=\\n?$)'],
  b: ['\\b', `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`],
  B: [null, `(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))`],
  h: ['0-9a-fA-F', '[0-9a-fA-F]'],
  H: [null, '[^0-9a-fA-F]'],
  s: [' \\t-\\r', '[ \\t-\\r]'],
  S: [null, '[^ \\t-\\r]'],
};

/** After a backslash, what means the same in both. */
const SAME = /^(?:[dDwWnrtfv]|c[A-Za-z]|x[0-7][\dA-Fa-f]|u[\dA-Fa-f]{4}|u\{[\dA-Fa-f]{1,6}\})$/;

const ESCAPE = String.raw`\\(?:c[A-Za-z]|[xu]\{[^}]*\}|x[\dA-Fa-f]{1,2}|u[\dA-Fa-f]{4}|\d+|.)`;
const REPEATED = String.raw`(?:[*+?]|\{\d*,?\d*\})`;

const REPEATS = new RegExp(`^${REPEATED}`);

/** The next part of an expression, beside a class of characters and in one. */
const OUTSIDE = new RegExp(String.raw`${ESCAPE}|\[\^?[\]-]?|\(\?(?:<\w+>|<?[=!]|[a-z-]*.)|${REPEATED}+|.`, 'suy');
const INSIDE = new RegExp(String.raw`(?:\\[dDwWsShH]-(?!\])|-\\[dDwWsShH])|${ESCAPE}|\[:\^?[a-z]+:\]|&&|.`, 'suy');

/** Parts that mean the same in both: groups, and what is repeated. */
const GROUP = /^\(\?(?:<[A-Za-z_]\w*>|<?[=!]|:)$/;
const REPETITION = /^(?:(?:[*+?]|\{\d+,\d*\})\??|\{\d+\})$/;

/** What is said otherwise beside a class of characters: lines end with `\n` alone, and only here may braces be themselves. */
const LINES: Readonly<Record<string, string>> = {
  '^': '(?:^|(?<=\\n)(?=[^]))',
  $: '(?=\\n|$)',
  '.': '[^\\n]',
  ...{ ']': '\\]', '{': '\\{', '}': '\\}' },
};

/** A filter that cannot be, or part of it that would mean something else than in vmpooler. */
export class NoFilter extends Error {}

const unknown = (part: string): NoFilter => new NoFilter(`has '${part}', which is not known here.`);

/**
 * The expression of a `tagfilter` as Ruby would read it, so that a vmpooler.yaml means here what it meant there: `^` and `$` are
 * those of lines. NoFilter, saying why, for what is no expression, or one that cannot be said here.
 */
export function tagFilter(text: string): RegExp {
  const parts = partsOf(text);
  // Beside groups with names, those without capture nothing.
  const plain = parts.some((part) => part.startsWith('(?<') && part.endsWith('>')) ? '(?:' : '(';
  try {
    return new RegExp(parts.map((part) => (part === '(' ? plain : part)).join(''), 'u');
  } catch {
    throw new NoFilter('is no regular expression.');
  }
}

function partsOf(text: string): readonly string[] {
  const parts: string[] = [];
  let inside = false;
  for (let at = 0; at < text.length; ) {
    const reader: RegExp = inside ? INSIDE : OUTSIDE;
    reader.lastIndex = at;
    const part: string = reader.exec(text)?.[0] ?? '';
    at += part.length;
    parts.push(inside ? inClass(part) : besideClass(part));
    inside = inside ? part !== ']' : part.startsWith('[');
  }
  return parts;
}

function besideClass(part: string): string {
  if (part.startsWith('\\')) return escaped(part, 1);
  if (part.startsWith('[') && part.endsWith(']')) throw unknown(part);
  if (part.startsWith('(?') && !GROUP.test(part)) throw unknown(part);
  if (REPEATS.test(part) && !REPETITION.test(part)) throw unknown(part);
  return LINES[part] ?? part;
}

function inClass(part: string): string {
  if (/^(?:\\.-|-\\.)$/.test(part) || part.startsWith('[') || part === '&&') throw unknown(part);
  if (part.startsWith('\\')) return escaped(part, 0);
  // A parenthesis, for one, would be taken for a group's.
  return part === '(' ? '\\(' : part;
}

function escaped(part: string, where: 0 | 1): string {
  const name = part.slice(1);
  if (name === '') throw new NoFilter('ends with a backslash.');
  const own = ESCAPES[name]?.[where];
  if (own) return own;
  if (SAME.test(name) || /^[$^\\.*+?()[\]{}|/]$/.test(name) || (where === 0 && name === '-')) return part;
  if (ESCAPES[name] || /^[a-z\d]/i.test(name)) throw unknown(part);
  return name;
}
