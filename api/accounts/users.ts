import type { AuthenticationStore } from '../../domain/accounts.ts';
import type { Store } from '../../store/open.ts';
import { findUser } from '../../store/user.ts';
import { isPassword, NOBODYS_PASSWORD } from '../core/password.ts';

/** People in this installation's own table. Whether somebody exists cannot be told by the time that an answer takes. */
export const users = (store: Pick<Store, 'read'>): AuthenticationStore => ({
  authenticate: async (user, password) => {
    const row = await findUser(store.read, user);
    const right = await isPassword(password, row?.password ?? NOBODYS_PASSWORD);
    return right && row ? { user, admin: row.role === 'admin' } : null;
  },
});
