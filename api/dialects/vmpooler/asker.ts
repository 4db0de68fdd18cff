import type { Borrower } from '../../../domain/borrower.ts';
import { DomainError, notFound } from '../../../domain/fault.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { AccountService } from '../../core/account.ts';
import type { Context } from '../../http/route.ts';
import { decoded } from '../../http/utf8.ts';

type Accounts = Pick<AccountService, 'configured' | 'login' | 'principalOf'>;
type Asking = Pick<Context<unknown>, 'header' | 'named'>;

const unauthorized = (why: string): DomainError => new DomainError({ kind: 'unauthorized', why });

/** Who asks, by their token; a token that is unknown counts as none. Without an authentication store nobody is asked for one. */
export async function askerOf(accounts: Accounts, { header, named }: Asking): Promise<Borrower> {
  if (!accounts.configured) return 'anyone';
  const token = header('x-auth-token');
  const known = token === undefined || token === '' ? null : await accounts.principalOf(token);
  if (known === null) return 'nobody';
  named(known.user);
  return known;
}

/** The same where a token that is sent must be known. */
export async function borrowerOf(accounts: Accounts, asking: Asking): Promise<Borrower> {
  const asker = await askerOf(accounts, asking);
  if (asker === 'nobody' && asking.header('x-auth-token')) throw unauthorized('The token is unknown.');
  return asker;
}

/** The same where a token is needed. */
export async function holderOf(accounts: Accounts, asking: Asking): Promise<Borrower> {
  const asker = await borrowerOf(accounts, asking);
  if (asker === 'nobody') throw unauthorized('A token is needed (X-AUTH-TOKEN).');
  return asker;
}

/** Who logs in with name and password; 'not-found' where there is no authentication store. */
export async function loggedIn(
  accounts: Accounts,
  { header, named, address, signal }: Pick<Context<unknown>, 'header' | 'named' | 'address' | 'signal'>,
): Promise<Principal> {
  if (!accounts.configured) throw notFound('authentication store', 'accounts.provider');
  const credentials = basicCredentials(header('authorization'));
  if (credentials === null) throw unauthorized('A name and password are needed.');
  const principal = await accounts.login(credentials.user, credentials.password, { address, signal });
  if (principal === null) throw unauthorized('The name and password do not belong together.');
  named(principal.account);
  return principal;
}

/** Name and password of an Authorization header; null if it has none; 'invalid' if they are no text. */
export function basicCredentials(header: string | undefined): { user: string; password: string } | null {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(header?.trim() ?? '') ?? [];
  const text = decoded(Buffer.from(encoded ?? '', 'base64'), 'Authorization');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
