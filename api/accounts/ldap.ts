import { AndFilter, EqualityFilter, type Filter, FilterParser } from 'ldapts';
import type { AuthenticationStore } from '../../domain/accounts.ts';
import { conflict, invalid } from '../../domain/fault.ts';
import { connected, type Directory, type LdapServer } from './ldap-connection.ts';
import { relativeName } from './ldap-name.ts';

export interface LdapSettings extends LdapServer {
  /** Where people are, and the attributes that name them: tried in every combination, in this order. */
  readonly bases: readonly string[];
  readonly userObjects: readonly string[];
  /** Who looks for people's entries below the bases; null: entries lie directly in a base and are named by the attribute. */
  readonly service: { readonly dn: string; readonly password: string } | null;
  /** What entries must match besides, in the words of RFC 4515; null for nothing. Only with `service`. */
  readonly filter: string | null;
}

/** People of an LDAP directory: a name and password are right if the directory lets them bind. */
export function ldap(settings: LdapSettings): AuthenticationStore {
  const more = settings.filter === null ? [] : [parseFilter(settings.filter)];
  const { service } = settings;
  return {
    authenticate: async (user, password, signal) => {
      // RFC 4513, 5.1.2: a bind with a name and no password is anonymous, and succeeds.
      if (password === '') return null;
      const names = service === null ? direct(settings, user) : await found(settings, service, more, user, signal);
      for (const dn of names) {
        if (await connected(settings, signal, (directory) => directory.bind(dn, password)))
          return { user, admin: false };
      }
      return null;
    },
  };
}

/** 'invalid' for what is no filter. */
export function parseFilter(text: string): Filter {
  try {
    return FilterParser.parseString(text);
  } catch (error) {
    throw invalid('accounts.ldap.filter', `is no LDAP filter: ${(error as Error).message}`);
  }
}

const combinations = ({ bases, userObjects }: LdapSettings) =>
  bases.flatMap((base) => userObjects.map((attribute) => ({ base, attribute })));

const direct = (settings: LdapSettings, user: string): readonly string[] =>
  combinations(settings).map(({ base, attribute }) => `${relativeName(attribute, user)},${base}`);

async function found(
  settings: LdapSettings,
  service: { readonly dn: string; readonly password: string },
  more: readonly Filter[],
  user: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const all = await connected(settings, signal, async (directory) => {
    if (!(await directory.bind(service.dn, service.password))) throw new Error('it refuses accounts.ldap.bind_dn');
    const names: string[] = [];
    for (const place of combinations(settings)) names.push(...(await only(directory, place, more, user)));
    return names;
  });
  return [...new Set(all)];
}

/** The entry of this name; 'conflict' if there are several, since a password is then no proof of who somebody is. */
async function only(
  directory: Directory,
  { base, attribute }: { readonly base: string; readonly attribute: string },
  more: readonly Filter[],
  user: string,
): Promise<readonly string[]> {
  const filters = [new EqualityFilter({ attribute, value: user }), ...more];
  const names = await directory.find(base, new AndFilter({ filters }));
  if (names.length < 2) return names;
  throw conflict(`Several entries of the directory are named '${user}': accounts.ldap.filter has to tell them apart.`);
}
