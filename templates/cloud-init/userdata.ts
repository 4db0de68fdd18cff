import { invalid } from '../../domain/fault.ts';
import type { Guest } from '../../domain/guest.ts';
import { engine, STRICT } from './engine.ts';
import { whyNot } from './userdata-fault.ts';
import { withinTime } from './within-time.ts';

/** cloud-init renders such documents itself, in the guest: their holes are not ours. */
const JINJA = /^## *template: *jinja/;

/** Whether anything in it is filled here. */
export const hasHoles = (text: string): boolean => text.includes('{{') && !JINJA.test(text);

/**
 * Nobody else is served meanwhile, and there is always another text that takes the parser minutes. What anybody would write takes
 * some ms.
 */
export const FILL_MS = 1_000;

/** The guest's user-data: the author's text with every hole filled. 'invalid' names a hole without a value. */
export function renderUserdata(guest: Guest): string {
  const text = guest.userdata ?? '';
  if (!hasHoles(text)) return text;
  try {
    return withinTime(FILL_MS, () => compiled(text)(variables(guest)));
  } catch (error) {
    throw invalid('userdata', whyNot(text, error));
  }
}

const known = new Map<string, ReturnType<typeof engine.compile>>();
/** Texts whose compilation is kept: those of the profiles that are in use. */
const KEPT = 100;

function compiled(text: string): ReturnType<typeof engine.compile> {
  const made = known.get(text) ?? engine.compile(text, STRICT);
  if (known.size >= KEPT) known.clear();
  known.set(text, made);
  return made;
}

/** Every variable there is (docs/template-authors.md lists the same). */
export function variables(guest: Guest) {
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
