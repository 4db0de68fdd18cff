import Handlebars from 'handlebars';
import { invalid } from '../../domain/fault.ts';
import type { Guest } from '../../domain/guest.ts';

const engine = Handlebars.create();
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
type Place = hbs.AST.SourceLocation;

interface Located {
  readonly loc?: Place;
}

/** A helper at this place was handed nothing. */
class Ungiven extends Error {
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

/** cloud-init renders such documents itself, in the guest: their holes are not ours. */
const JINJA = /^## *template: *jinja/;

/** The guest's user-data: the author's text with every hole filled. 'invalid' names a hole without a value. */
export function renderUserdata(guest: Guest): string {
  const text = guest.userdata ?? '';
  if (!text.includes('{{') || JINJA.test(text)) return text;
  try {
    return compiled(text)(variables(guest));
  } catch (error) {
    throw invalid('userdata', error instanceof Ungiven ? ungiven(text, error) : reason(text, error));
  }
}

const known = new Map<string, ReturnType<typeof engine.compile>>();
/** Texts whose compilation is kept: those of the profiles that are in use. */
const KEPT = 100;

function compiled(text: string): ReturnType<typeof engine.compile> {
  const made = known.get(text) ?? engine.compile(text, { strict: true, noEscape: true });
  if (known.size >= KEPT) known.clear();
  known.set(text, made);
  return made;
}

/** Every variable there is (docs/template-authors.md lists the same). */
function variables(guest: Guest) {
  return {
    vm: { name: guest.name, uuid: guest.id, profile: guest.profile ?? '', node: guest.node },
    args: guest.args,
    networks: guest.nics.map((nic) => ({
      vni: nic.vni,
      mac: nic.mac,
      ip: nic.ip ?? '',
      gateway: nic.gateway ?? '',
      prefix: nic.network?.split('/')[1] ?? '',
      name_servers: nic.nameServers,
      domain: nic.domain ?? '',
    })),
  };
}

/** Handlebars says `"x" not defined in [object Object]`; authors want to hear which value is missing, and where. */
function reason(text: string, error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const missing = /^"([^"]*)" not defined in .*?(?: - (\d+):(\d+))?$/.exec(words);
  // All that Handlebars says of a helper it does not have.
  if (words.endsWith("(reading 'call')")) return 'it uses a helper, and there is no such helper.';
  if (!missing) return words.split('\n').join(' ');
  if (!missing[2]) return `there is no value for '${missing[1]}'.`;
  const start = { line: Number(missing[2]), column: Number(missing[3]) };
  // Of a path it names the last part alone.
  const { endColumn = start.column } = error as { readonly endColumn?: number };
  return noValue(sourceAt(text, { start, end: { ...start, column: endColumn } }) || missing[1], start);
}

const noValue = (name: string | undefined, { line, column }: Place['start']): string =>
  `there is no value for '${name}' (line ${line}, column ${column}).`;

function ungiven(text: string, { loc }: Ungiven): string {
  const asked = loc && firstParameter(text, loc.start);
  if (!asked) return 'there is no value for what a helper is asked to use.';
  return noValue(sourceAt(text, asked), asked.start);
}

/** Where the first parameter of the helper that is called at `start` stands. */
function firstParameter(text: string, start: Place['start']): Place | undefined {
  let found: Place | undefined;
  const look = ({ loc, params }: hbs.AST.MustacheStatement | hbs.AST.BlockStatement | hbs.AST.SubExpression): void => {
    if (loc.start.line === start.line && loc.start.column === start.column) found = params[0]?.loc;
  };
  class Calls extends Handlebars.Visitor {
    override MustacheStatement(call: hbs.AST.MustacheStatement): void {
      look(call);
      super.MustacheStatement(call);
    }
    override BlockStatement(call: hbs.AST.BlockStatement): void {
      look(call);
      super.BlockStatement(call);
    }
    override SubExpression(call: hbs.AST.SubExpression): void {
      look(call);
      super.SubExpression(call);
    }
  }
  new Calls().accept(engine.parse(text));
  return found;
}

/** What stands there, on one line. */
const sourceAt = (text: string, { start, end }: Pick<Place, 'start' | 'end'>): string =>
  (text.split('\n')[start.line - 1] ?? '').slice(start.column, end.column);
