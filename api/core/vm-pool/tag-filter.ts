/** What Ruby has and JavaScript has not, in a class of characters and beside one; null where that cannot be. */
const RUBY: Readonly<Record<string, readonly [inside: string | null, outside: string]>> = {
  A: [null, '(?<![^])'],
  z: [null, '(?![^])'],
  Z: [null, '(?=\\n?(?![^]))'],
  h: ['0-9a-fA-F', '[0-9a-fA-F]'],
  H: [null, '[^0-9a-fA-F]'],
};

/** Letters that mean the same after a backslash in both. */
const SAME = /^[bBcdDfkntrsSvwWxu]$/;

/** Read differently without a word by JavaScript: POSIX classes, and quantifiers without a least number. */
const OTHERWISE = /\[:\^?[a-z]+:\]|\{,\d+\}/;

/** A filter that cannot be, or part of it that would mean something else than in vmpooler. */
export class NoFilter extends Error {}

/**
 * The expression of a `tagfilter` as Ruby would read it, so that a vmpooler.yaml means here what it meant there: `^` and `$` are
 * those of lines. NoFilter, saying why, for what is no expression, or one that cannot be said here.
 */
export function tagFilter(text: string): RegExp {
  const foreign = OTHERWISE.exec(text);
  if (foreign) throw new NoFilter(`has '${foreign[0]}', which is not known here.`);
  let inside = false;
  const parts = text.replaceAll(/\\(.)|[[\]]/gs, (part, escaped: string | undefined) => {
    if (escaped === undefined) {
      inside = part === '[';
      return part;
    }
    const known = RUBY[escaped]?.[inside ? 0 : 1];
    if (known) return known;
    if (!/^[a-z]$/i.test(escaped) || SAME.test(escaped)) return part;
    throw new NoFilter(`has '${part}', which is not known here.`);
  });
  try {
    return new RegExp(parts, 'm');
  } catch {
    throw new NoFilter('is no regular expression.');
  }
}
