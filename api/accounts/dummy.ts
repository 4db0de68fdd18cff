import type { AuthenticationStore } from '../../domain/accounts.ts';

/** For trying things out: anybody is who they say, with any password but their name. */
export const dummy = (): AuthenticationStore => ({
  authenticate: async (user, password) => (password === '' || password === user ? null : { user, admin: false }),
});
