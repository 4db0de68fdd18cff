import Handlebars from 'handlebars';
import { DomainError, invalid } from '../../domain/fault.ts';
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

interface Located {
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } };
}

function given(value: unknown, loc: Located['loc']): unknown {
  if (value !== undefined) return value;
  const where = loc ? ` (line ${loc.start.line}, column ${loc.start.column})` : '';
  throw invalid('userdata', `there is no value for what a helper is asked to use${where}.`);
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
    if (error instanceof DomainError) throw error;
    throw invalid('userdata', reason(error));
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
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const missing = /^"([^"]*)" not defined in .*?(?: - (\d+):(\d+))?$/.exec(text);
  // All that Handlebars says of a helper it does not have.
  if (text.endsWith("(reading 'call')")) return 'it uses a helper, and there is no such helper.';
  if (!missing) return text.split('\n').join(' ');
  const where = missing[2] ? ` (line ${missing[2]}, column ${missing[3]})` : '';
  return `there is no value for '${missing[1]}'${where}.`;
}
