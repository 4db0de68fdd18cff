import Handlebars from 'handlebars';

/** What fills the user-data: Handlebars, strict also about what helpers are handed. */
export const engine = Handlebars.create();
// Handlebars is strict about what stands alone, and not about what is handed to a helper. `if` and `unless` may ask.
engine.registerHelper('json', (value: unknown, { loc }: Located) => JSON.stringify(given(value, loc)));
for (const name of ['each', 'with'] as const) {
  const own = engine.helpers[name];
  if (!own) throw new Error(`bug: Handlebars has no helper '${name}'`);
  engine.registerHelper(name, function (this: unknown, value: unknown, options: Handlebars.HelperOptions & Located) {
    return own.call(this, given(value, options.loc), options);
  });
}
// Writes to this process's output: nothing for template authors.
engine.unregisterHelper('log');

/** Lines from 1, columns from 0. */
export type Place = hbs.AST.SourceLocation;

interface Located {
  readonly loc?: Place;
}

/** A helper at this place was handed nothing. */
export class Ungiven extends Error {
  readonly loc: Place | undefined;

  constructor(loc: Place | undefined) {
    super('a helper was handed nothing');
    this.loc = loc;
  }
}

function given(value: unknown, loc: Place | undefined): unknown {
  if (value === undefined) throw new Ungiven(loc);
  return value;
}

/** Refuses what has no value; escapes nothing. */
export const STRICT: CompileOptions = { strict: true, noEscape: true };
