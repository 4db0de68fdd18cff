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

/** What all rounds of a text's loops may write, in characters, and what each costs besides: nested a few times, short ones would keep a process busy for minutes. */
const [ROOM, ROUND] = [10_000_000, 100];
let room = ROOM;

/** A round's text, if there is room for it. */
function inRoom(text: string): string {
  room -= ROUND + text.length;
  if (room < 0)
    throw new Refused(`its loops take more than ${ROOM / ROUND} rounds, or write more than ${ROOM} characters`);
  return text;
}

// Handlebars is strict about what stands alone, and not about what is handed to a helper. `if` and `unless` may ask.
engine.registerHelper('json', (value: unknown, { loc }: Located) => JSON.stringify(given(value, loc)));
/** A block that is handed nothing but a value: it has to be there. */
function strictBlock(name: string, ownName = name): void {
  const own = engine.helpers[ownName];
  if (!own) throw new Error(`bug: Handlebars has no helper '${ownName}'`);
  engine.registerHelper(name, function (this: unknown, value: unknown, options: Handlebars.HelperOptions & Located) {
    const fn: typeof options.fn = (...round) => inRoom(options.fn(...round));
    return own.call(this, given(value, options.loc), { ...options, fn });
  });
}
strictBlock('each');
strictBlock('with');
strictBlock(SECTION, 'blockHelperMissing');
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
  return ownPart(value, String(part));
});

/** What `{{..}}` writes, for one, is no text. */
function written(value: unknown): string {
  if (value === undefined) throw new Ungiven(undefined);
  const text = value === null ? '' : String(value);
  if (typeof value === 'object' && text.includes('[object Object]'))
    throw new Error(
      'a hole has a list or an object for a value, and no text: write it with json, or name a part of it',
    );
  return text;
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

engine.parse = (input, options) => {
  const program = parse(input, options);
  new Holes().accept(program);
  return program;
};

/** Refuses what has no value. */
export const STRICT: CompileOptions = { strict: true };
