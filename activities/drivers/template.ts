import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { invalid } from '../../domain/fault.ts';

/** What a template is filled with: texts and numbers for holes, lists for `{{#each}}`, one or null for `{{#with}}`. */
export interface Values {
  readonly [hole: string]: string | number | Values | null | readonly Values[];
}

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** What may stand in one line of a configuration file: nothing that ends the line or hides in it. */
const CONTROL = /\p{Cc}/u;
// XML 1.0 has no way to write these at all.
const NOT_XML = /[^\P{Cc}\t\n\r]|[\uFFFE\uFFFF]/u;

/** How a value enters a text, by the text's format. Throws 'invalid' for what the format cannot hold. */
const ESCAPES = {
  xml: (text: string, hole: string): string => {
    if (NOT_XML.test(text)) throw invalid(hole, 'holds a character that XML cannot.');
    return text.replace(/[&<>"']/g, (c) => XML[c] ?? c);
  },
  line: (text: string, hole: string): string => {
    if (CONTROL.test(text)) throw invalid(hole, 'holds a line break or another control character.');
    return text;
  },
} as const;

export type Format = keyof typeof ESCAPES;

type Program = hbs.AST.Program;

/**
 * A file of `templates/` as a function of its values. A hole without a value throws, and so does a value without a hole:
 * either is a bug of ours. Values are escaped for the format. Blocks are `{{#each list}}` and `{{#with oneOrNull}}` alone.
 */
export function template(file: string, format: Format): (values: Values) => string {
  const load = once(() => {
    const text = readFileSync(new URL(`../../templates/${file}`, import.meta.url), 'utf8');
    const program = Handlebars.parse(text);
    return { program, render: Handlebars.compile(program, { strict: true, noEscape: true }) };
  });
  return (values) => {
    const { program, render } = load();
    match(program, values, file);
    return render(escaped(values, ESCAPES[format], file));
  };
}

/** Compares holes with values at every level. */
function match(program: Program, values: Values, where: string): void {
  const holes = new Set<string>();
  for (const statement of program.body) {
    if (statement.type === 'ContentStatement' || statement.type === 'CommentStatement') continue;
    const { path } = statement as hbs.AST.MustacheStatement;
    const block = statement.type === 'BlockStatement' ? (statement as hbs.AST.BlockStatement) : null;
    const hole = String(((block ? block.params[0] : path) as hbs.AST.PathExpression | undefined)?.original);
    holes.add(hole);
    const value = Object.hasOwn(values, hole) ? values[hole] : undefined;
    if (value === undefined) throw new Error(`bug: ${where} has the hole '${hole}' and no value for it`);
    if (block) matchBlock(block, hole, value, where);
    else if (typeof value === 'object') throw new Error(`bug: ${where}: the value of '${hole}' is no text`);
  }
  const spare = Object.keys(values).filter((name) => !holes.has(name));
  if (spare.length > 0) throw new Error(`bug: ${where} has no hole for: ${spare.join(', ')}`);
}

function matchBlock(block: hbs.AST.BlockStatement, hole: string, value: Values[string], where: string): void {
  const verb = (block.path as hbs.AST.PathExpression).original;
  const inner = `${where}#${hole}`;
  if (verb === 'each' && Array.isArray(value)) for (const item of value) match(block.program, item, inner);
  else if (verb === 'with' && typeof value === 'object' && !Array.isArray(value)) {
    if (value !== null) match(block.program, value as Values, inner);
  } else throw new Error(`bug: ${where}: '${verb}' does not fit the value of '${hole}'`);
}

function escaped(values: Values, safe: (text: string, hole: string) => string, where: string): Values {
  const one = (value: Values[string], hole: string): Values[string] => {
    if (value === null) return null;
    if (Array.isArray(value)) return value.map((item) => escaped(item, safe, where));
    return typeof value === 'object' ? escaped(value as Values, safe, where) : safe(String(value), hole);
  };
  return Object.fromEntries(Object.entries(values).map(([hole, value]) => [hole, one(value, hole)]));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
