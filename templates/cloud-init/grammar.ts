/** What Handlebars' parser means by its words, with the line; null for words that are not about the grammar. */
export function grammarFault(text: string, words: string): string | null {
  const [, opened, closed, at] = /^(.+) doesn't match (.+) - (\d+):\d+$/.exec(words) ?? [];
  if (at !== undefined) return `the block {{#${opened}}} of line ${at} is ended by {{/${closed}}}.`;
  const [, path, of] = /^Invalid path: (.*) - (\d+):\d+$/.exec(words) ?? [];
  if (of !== undefined) return `'${path}' is no path to a value (line ${of}).`;
  const [, line] = /^(?:Parse|Lexical) error on line (\d+)/.exec(words) ?? [];
  if (line === undefined) return null;
  if (words.startsWith('Lexical')) return `a comment or raw block does not end (line ${line}).`;
  const got = /got '(\w+)'$/.exec(words)?.[1] ?? '';
  if (got === 'EOF') return unended(text, line);
  return `${WRONG[got] ?? 'what begins with {{ is not written as a hole or block'} (line ${line}).`;
}

/** By the word that the parser met where it cannot be. */
const WRONG: Readonly<Record<string, string>> = {
  OPEN_ENDBLOCK: 'a {{/…}} ends no block',
  INVERSE: 'an {{else}} belongs to no block, or to one that has its own',
  OPEN_INVERSE_CHAIN: 'an {{else …}} belongs to no block',
};

const MARKS = /\{\{~?([#^/])[*>\s]*([^\s}~]+)/g;

/** Names the innermost block that is still open where the text ends. */
function unended(text: string, last: string): string {
  const open: { readonly name: string; readonly index: number }[] = [];
  for (const { 1: mark, 2: name = '', index } of text.matchAll(MARKS))
    if (mark === '/') open.pop();
    else open.push({ name, index });
  const block = open.at(-1);
  return block
    ? `the block {{#${block.name}}} of line ${text.slice(0, block.index).split('\n').length} does not end.`
    : `a hole does not end (line ${last}).`;
}
