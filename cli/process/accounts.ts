import { readFileSync } from 'node:fs';
import { authenticationStores } from '../../api/accounts/index.ts';
import { type LdapSettings, parseFilter } from '../../api/accounts/ldap.ts';
import { type AuthenticationStore, accountName } from '../../domain/accounts.ts';
import { invalid } from '../../domain/fault.ts';
import type { Store } from '../../store/open.ts';
import { setAdministrators } from '../../store/token.ts';
import { listUsers } from '../../store/user.ts';
import type { Config } from '../config/schema.ts';
import type { Settings } from './settings.ts';

/** The authentication store that the configuration names; 'invalid' naming the key at fault. Asks nobody yet. */
export function openAccounts({ config, debug, log }: Settings, store: Store): AuthenticationStore | null {
  const { provider } = config.accounts;
  const ldap = ldapSettings(config.accounts);
  const accounts = authenticationStores[provider]({ store, ldap, debug });
  if (provider === 'dummy') log.warn('accounts.provider is dummy: anybody may log in under any name');
  if (provider === 'ldap' && ldap?.encryption === 'none') {
    log.warn('accounts.ldap.encryption is none: passwords go over the network in the clear');
  }
  return accounts;
}

/** The directory as its driver wants it; null without one. */
export function ldapSettings({ ldap }: Config['accounts']): LdapSettings | null {
  if (ldap === undefined) return null;
  const { host, encryption, bind_dn: dn, bind_password: password, filter } = ldap;
  if (filter !== undefined) parseFilter(filter);
  return {
    host,
    port: ldap.port ?? (encryption === 'ldaps' ? 636 : 389),
    encryption,
    ca: ldap.ca_file === undefined ? null : readAuthorities(ldap.ca_file),
    connectMs: ldap.connect_timeout * 1000,
    answerMs: ldap.answer_timeout * 1000,
    bases: ldap.base,
    userObjects: ldap.user_object,
    service: dn === undefined || password === undefined ? null : { dn, password },
    filter: filter ?? null,
  };
}

function readAuthorities(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid('accounts.ldap.ca_file', `cannot be read: ${(error as Error).message}`);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw invalid('accounts.ldap.ca_file', `${file} holds no certificate in PEM.`);
  }
  return text;
}

/** Makes the tokens that people issued those of administrators, or not, as the configuration and the table of users have it now. */
export async function keepAdministrators(store: Store, { provider, admins }: Config['accounts']): Promise<void> {
  const named = admins.map(accountName).filter((name) => name !== null);
  await store.write(async (tx) => {
    const listed = provider === 'users' ? await listUsers(tx) : [];
    await setAdministrators(tx, [...named, ...listed.filter(({ role }) => role === 'admin').map(({ name }) => name)]);
  });
}
