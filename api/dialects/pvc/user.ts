import type { User, UserService } from '../../core/user.ts';
import { type Route, route } from '../../http/route.ts';
import { oneOf, optional, text } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { CHANGED, changed, listOf, objectOf, ok } from './answer.ts';
import { name } from './name.ts';

const UserObject = z.object({ name: z.string(), role: z.string(), created_at: z.string() }).openapi('User');

const toUser = ({ createdAt, ...user }: User): z.output<typeof UserObject> => ({
  ...user,
  created_at: new Date(createdAt).toISOString(),
});

const password = text('8 to 1024 characters. Send it in the body: addresses are logged by whoever forwards them.');
const New = z.object({
  name: name('Letters, digits, dots, dashes, underscores, @; kept in lower case.'),
  password,
  role: optional(oneOf('What it permits; user without.', ['admin', 'user'])),
});

const user = name('Name of the user.');
const tag = 'users';

/** People who may log in where `accounts.provider` is `users` (beyond PVC). */
export const userRoutes = (users: UserService): readonly Route[] => [
  route('get', '/user', { tag, summary: 'List users', responses: listOf(UserObject) }, async ({ principal }) =>
    ok((await users.list(principal)).map(toUser)),
  ),
  route(
    'post',
    '/user',
    { tag, summary: 'Add a user', values: New, responses: objectOf(UserObject) },
    async ({ values, principal }) =>
      ok(toUser(await users.create(principal, { ...values, role: values.role ?? 'user' }))),
  ),
  route(
    'put',
    '/user/:user',
    { tag, summary: "Change a user's password", values: z.object({ user, password }), responses: CHANGED },
    async ({ values, principal }) => {
      await users.changePassword(principal, values.user, values.password);
      return changed('Password changed.', values.user);
    },
  ),
  route(
    'delete',
    '/user/:user',
    {
      tag,
      summary: 'Remove a user, and the tokens that they issued',
      values: z.object({ user }),
      responses: CHANGED,
    },
    async ({ values, principal }) => {
      await users.remove(principal, values.user);
      return changed('User removed.', values.user);
    },
  ),
];
