import Handlebars from 'handlebars';

/** What fills the user-data: Handlebars, strict also about what helpers are handed and about what every object has. */
export const engine = Handlebars.create();

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

/** What stands at this place has no value; `part` is its last part. */
export class Missing extends Error {
  readonly part: string;
  readonly loc: Place | undefined;

  constructor(part: string, loc: Place | undefined) {
    super(`'${part}' has no value`);
    this.part = part;
    this.loc = loc;
  }
}

function given(value: unknown, loc: Place | undefined): unknown {
  if (value === undefined) throw new Ungiven(loc);
  return value;
}

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

/** Only what a value was given is there: Handlebars itself finds `constructor` and `toString`, too, and fills in nothing. */
const ownPart = (parent: unknown, part: string): unknown =>
  parent !== undefined && parent !== null && Object.hasOwn(Object(parent), part)
    ? (parent as Record<string, unknown>)[part]
    : undefined;

engine.registerHelper('lookup', (...given: unknown[]) => {
  const [value, part] = given;
  // The last are Handlebars' own options.
  if (given.length !== 3) throw new TypeError('lookup takes a value and a name.');
  return ownPart(value, String(part));
});

/** How compiled texts look things up, and write what they found: as it is, each by itself, where unescaped numbers would be added up. */
const MANNERS = {
  lookupProperty: ownPart,
  escapeExpression: (value: unknown): string => (value === undefined || value === null ? '' : String(value)),
  strict(parent: unknown, part: string, loc: Place | undefined): unknown {
    const value = ownPart(parent, part);
    if (value === undefined) throw new Missing(part, loc);
    return value;
  },
};

interface Compiled extends TemplateSpecification {
  readonly main: (container: object, ...others: unknown[]) => unknown;
}
const { template, parse } = engine;
engine.template = (spec: TemplateSpecification) => {
  const { main } = spec as Compiled;
  const compiled: Compiled = {
    ...spec,
    main: (container, ...others) => main(Object.assign(container, MANNERS), ...others),
  };
  return template(compiled);
};

// What stands alone has to have a value, also if it is looked up.
const ALONE = 'what stands alone';
engine.registerHelper(ALONE, (value: unknown, { loc }: Located) => given(value, loc));
class Holes extends Handlebars.Visitor {
  override MustacheStatement(node: hbs.AST.MustacheStatement): void {
    super.MustacheStatement(node);
    node.escaped = true;
    const { path, params, hash, loc } = node;
    if (!('original' in path) || path.original !== 'lookup' || params.length === 0) return;
    const end = (params.at(-1) ?? path).loc.end;
    const asked = { type: 'SubExpression', path, params, hash, loc: { ...loc, start: path.loc.start, end } };
    node.params = [asked as hbs.AST.SubExpression];
    node.path = { ...path, original: ALONE, parts: [ALONE] } as hbs.AST.PathExpression;
  }
}
engine.parse = (input, options) => {
  const program = parse(input, options);
  new Holes().accept(program);
  return program;
};

/** Refuses what has no value. */
export const STRICT: CompileOptions = { strict: true };
