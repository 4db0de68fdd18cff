import { type Document, isMap, isScalar, parseDocument, type YAMLParseError } from 'yaml';

/** What a YAML text stands for, or why it stands for nothing: one sentence for each mistake, with its line where that is known. */
export type YamlReading = { readonly value: unknown } | { readonly mistakes: readonly string[] };

/** Aliases that lead to one another may make a short text endless. */
const MOST_ALIASES = 100;

interface YamlOptions {
  /** Whether `<<` is a merge key. */
  readonly merge?: boolean;
  /** A key of the top whose values are texts: numbers among them stay as they are written, as 1.10 and 0644. */
  readonly texts?: string;
}

/** The value is a tree of finite size, whatever the text is; null for an empty text. */
export function readYaml(text: string, { merge = false, texts }: YamlOptions = {}): YamlReading {
  try {
    const document = parseDocument(text, { merge });
    if (document.errors.length > 0) return { mistakes: document.errors.map(sentenceOf) };
    if (texts !== undefined) keepNumbers(document, texts);
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    return isTree(value) ? { value } : { mistakes: ['An alias leads back to itself.'] };
  } catch (error) {
    // No YAMLError, all the same about the text: an alias without anchor or of too many, a merge with what is no mapping, too deep a nesting.
    return { mistakes: [(error as Error).message] };
  }
}

function keepNumbers(document: Document.Parsed, key: string): void {
  const values = isMap(document.contents) ? document.get(key) : undefined;
  if (!isMap(values)) return;
  for (const { value } of values.items)
    if (isScalar(value) && typeof value.value === 'number' && value.source !== undefined) value.value = value.source;
}

const sentenceOf = ({ code, message }: YAMLParseError): string =>
  code === 'MULTIPLE_DOCS'
    ? 'It holds more than one document (--- begins another): one document per file.'
    : message.trim();

/** Whether nothing in it holds itself. */
function isTree(value: unknown, above: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return !above.includes(value) && Object.values(value).every((inner) => isTree(inner, [...above, value]));
}
