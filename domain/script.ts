/** The values that a script's build() takes: those that its signature names, all of them if it takes `**kwargs`. */
export function buildArguments(
  script: string,
  args: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { names, rest } = parameters(script, 'build');
  return rest ? args : Object.fromEntries(Object.entries(args).filter(([name]) => names.has(name)));
}

/** Parameters of a function that Python text defines at its top level; read, not run. */
function parameters(text: string, name: string): { readonly names: ReadonlySet<string>; readonly rest: boolean } {
  const start = new RegExp(`^def\\s+${name}\\s*\\(`, 'm').exec(text);
  if (!start) return { names: new Set(), rest: true };
  const words = split(text.slice(start.index + start[0].length));
  const names = words.flatMap((word) => /^([A-Za-z_]\w*)\s*(?:[:=]|$)/.exec(word)?.[1] ?? []);
  return { names: new Set(names), rest: words.some((word) => word.startsWith('**')) };
}

/** Comments and strings, in which commas and brackets mean nothing. */
const OPAQUE = /#[^\n]*|("""|''')[\s\S]*?\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;

/** What stands between the commas, up to the bracket that ends the list. */
function split(text: string): readonly string[] {
  const words = [''];
  let depth = 0;
  for (const char of text.replace(OPAQUE, (found) => (found.startsWith('#') ? '' : '0'))) {
    if (')]}'.includes(char) && depth === 0) break;
    if (char === ',' && depth === 0) {
      words.push('');
      continue;
    }
    if ('([{'.includes(char)) depth += 1;
    if (')]}'.includes(char)) depth -= 1;
    words[words.length - 1] += char;
  }
  return words.map((word) => word.trim()).filter((word) => word !== '');
}
