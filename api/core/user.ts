import { accountName, USER_NAME } from '../../domain/accounts.ts';
import { exists, invalid, notFound } from '../../domain/fault.ts';
import type { Principal } from '../../domain/principal.ts';
import { deleteTokensOf } from '../../store/token.ts';
import { deleteUser, findUser, insertUser, listUsers, setPassword, type UserRow } from '../../store/user.ts';
import { mustAdminister } from './authorize.ts';
import type { AccountParts, CoreParts } from './parts.ts';
import { checkPassword, hashPassword } from './password.ts';

/** A person in this installation's own table. */
export interface User {
  readonly name: string;
  /** What they are when they log in: an administrator by the table, or by the configuration. */
  readonly role: 'admin' | 'user';
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** The table that the authentication store `users` asks. Administrators' business; names are as `accountName` makes them. */
export interface UserService {
  list(who: Principal): Promise<readonly User[]>;
  create(who: Principal, user: Pick<User, 'name' | 'role'> & { readonly password: string }): Promise<User>;
  /** Tokens that the person has issued stay. */
  changePassword(who: Principal, name: string, password: string): Promise<void>;
  /** The tokens that the person has issued go, too. */
  remove(who: Principal, name: string): Promise<void>;
}

export const userService = ({ store, accounts }: Pick<CoreParts, 'store' | 'accounts'>): UserService => ({
  list: async (who) => {
    mustAdminister(who);
    return (await listUsers(store.read)).map((row) => toUser(row, accounts));
  },
  create: async (who, { password, ...asked }) => {
    mustAdminister(who);
    const user = { name: checkedName(asked.name), role: asked.role, createdAt: Date.now() };
    checkPassword(password);
    // A hash takes a third of a second: not for a name that is known to be taken.
    if (await findUser(store.read, user.name)) throw exists('user', user.name);
    const row = { ...user, password: await hashPassword(password) };
    if (!(await store.write((tx) => insertUser(tx, row)))) throw exists('user', user.name);
    return toUser(row, accounts);
  },
  changePassword: async (who, name, password) => {
    mustAdminister(who);
    checkPassword(password);
    if (!(await findUser(store.read, known(name)))) throw notFound('user', name);
    const hash = await hashPassword(password);
    if (!(await store.write((tx) => setPassword(tx, known(name), hash)))) throw notFound('user', name);
  },
  remove: async (who, name) => {
    mustAdminister(who);
    const there = await store.write(async (tx) => {
      if (!(await deleteUser(tx, known(name)))) return false;
      await deleteTokensOf(tx, known(name));
      return true;
    });
    if (!there) throw notFound('user', name);
  },
});

const toUser = ({ password: _, role, ...user }: UserRow, { admins }: Pick<AccountParts, 'admins'>): User => ({
  ...user,
  role: role === 'admin' || admins.some((name) => accountName(name) === user.name) ? 'admin' : 'user',
});

/** A name under which nobody is kept finds nobody. */
const known = (name: string): string => accountName(name) ?? '';

function checkedName(text: string): string {
  const name = accountName(text);
  if (name !== null && USER_NAME.test(name)) return name;
  throw invalid(
    'name',
    'must be 1 to 64 letters, digits, dots, dashes, underscores or @, the first a letter or digit.',
  );
}
