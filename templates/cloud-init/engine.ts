import Handlebars from 'handlebars';
import { ALONE, Holes, Refused, SECTION } from './holes.ts';

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

/**
 * What filling one text may cost: each character that is written or made, and so much besides for each hole, helper and round of
 * a loop. Without a measure short texts would keep a process busy for minutes, and fill its memory.
 */
const [ROOM, EACH] = [10_000_000, 100];
let room = ROOM;

/** The text, if there is room for it. */
function inRoom(text: string): string {
  room -= EACH + text.length;
  if (room < 0)
    throw new Refused(
      `it takes more than ${ROOM / EACH} holes, helpers and rounds of loops, or more than ${ROOM} characters`,
    );
  return text;
}

// Handlebars is strict about what stands alone, and not about what is handed to a helper. `if` and `unless` may ask.
engine.registerHelper('json', (value: unknown, { loc }: Located) => inRoom(JSON.stringify(given(value, loc))));

type Options = Handlebars.HelperOptions & Located;

/** Handlebars' own helper, whose use costs as any. `strict`: what it is handed has to be there; `loop`: each of its rounds costs. */
function measured(name: string, { own: ownName = name, strict = false, loop = false } = {}): void {
  const own = engine.helpers[ownName];
  if (!own) throw new Error(`bug: Handlebars has no helper '${ownName}'`);
  engine.registerHelper(name, function (this: unknown, ...handed: unknown[]) {
    inRoom('');
    const options = handed.at(-1) as Options;
    if (strict) given(handed[0], options.loc);
    const fn: typeof options.fn = (...round) => inRoom(options.fn(...round));
    return own.call(this, ...handed.slice(0, -1), loop ? { ...options, fn } : options);
  });
}
measured('if');
measured('unless');
measured('with', { strict: true });
measured('each', { strict: true, loop: true });
// Of lists it makes loops by `each`.
measured(SECTION, { own: 'blockHelperMissing', strict: true });
engine.registerHelper(ALONE, (value: unknown, { loc }: Located) => given(value, loc));
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
  inRoom('');
  return ownPart(value, String(part));
});

/** Objects have no text of their own, lists of texts have. */
const hasText = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Array.isArray(value) && value.every(hasText));

/** What a hole writes. That of `{{..}}` at the top is nothing. */
function written(value: unknown): string {
  if (value === undefined) throw new Ungiven(undefined);
  if (!hasText(value))
    throw new Refused(
      'a hole has a list or an object for a value, and no text: write it with json, or name a part of it',
    );
  return inRoom(value === null ? '' : String(value));
}

/** How compiled texts look things up, and write what they found: as it is, each by itself, where unescaped numbers would be added up. */
const MANNERS = {
  lookupProperty: ownPart,
  escapeExpression: written,
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
    main: (container, ...others) => {
      room = ROOM;
      return main(Object.assign(container, MANNERS), ...others);
    },
  };
  return template(compiled);
};

/** How many holes and blocks a text may have: parsing takes longer by their square. */
const MOST_HOLES = 2_000;

engine.parse = (input, options) => {
  if (String(input).split('{{').length > MOST_HOLES + 1)
    throw new Refused(`it has more than ${MOST_HOLES} holes and blocks`);
  const program = parse(input, options);
  new Holes().accept(program);
  return program;
};

/** Refuses what has no value. */
export const STRICT: CompileOptions = { strict: true };
