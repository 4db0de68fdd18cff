import type { AuthenticationStore } from '../../domain/accounts.ts';
import { invalid } from '../../domain/fault.ts';
import type { Store } from '../../store/open.ts';
import { dummy } from './dummy.ts';
import { type LdapSettings, ldap } from './ldap.ts';
import { users } from './users.ts';

/** What authentication stores are made of. */
export interface AccountSettings {
  readonly store: Pick<Store, 'read'>;
  /** Null where the provider is another. */
  readonly ldap: LdapSettings | null;
  /** Whether somebody said that this is no place for real people. */
  readonly debug: boolean;
}

/** Every authentication store there is. Adding one is a file beside these and a line here. Null: people cannot log in. */
export const authenticationStores = {
  none: () => null,
  users: ({ store }) => users(store),
  ldap: ({ ldap: settings }) => {
    if (settings === null) throw invalid('accounts.ldap', 'is needed when accounts.provider is ldap.');
    return ldap(settings);
  },
  dummy: ({ debug }) => {
    mustBeDebugging(debug);
    return dummy();
  },
} satisfies Record<string, (settings: AccountSettings) => AuthenticationStore | null>;

/** 'invalid' where somebody who is no developer would let anybody in. */
export function mustBeDebugging(debug: boolean): void {
  if (!debug)
    throw invalid('accounts.provider', 'is dummy, which lets anybody in: it takes debug: true (or SLIPWAY_DEBUG=1).');
}

export type AccountProvider = keyof typeof authenticationStores;
