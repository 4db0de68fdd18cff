import { DomainError, notFound } from '../../../domain/fault.ts';
import type { Services } from '../../core/services.ts';
import type { Route } from '../../http/route.ts';
import { word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { keyed, OK, ok } from './answer.ts';
import { loggedIn } from './asker.ts';
import { at, BASIC } from './route.ts';
import { localTime } from './time.ts';

const Own = z.object({ created: z.string(), last: z.string() });
const Described = z.object({
  user: z.string(),
  created: z.string(),
  last: z.string().optional(),
  vms: z.object({ running: z.array(z.string()) }).optional(),
});
const Made = z.object({ ok: z.boolean(), token: z.string() }).openapi('NewToken');
const One = z.object({ token: word('The token itself.') });

const tag = 'tokens';

/** Tokens that people issue for themselves with their name and password. */
export const tokenRoutes = ({ accounts, poolVms }: Pick<Services, 'accounts' | 'poolVms'>): readonly Route[] => [
  at(
    'get',
    '/token',
    { tag, auth: BASIC, summary: 'List your tokens', responses: keyed('By token; `last` is its last use.', Own) },
    async (context) => {
      const own = await accounts.ownTokens(await loggedIn(accounts, context));
      if (own.length === 0) throw notFound('token', 'of yours');
      const entries = own.map(({ token, createdAt, lastUsedAt }) => [
        token,
        { created: localTime(createdAt), last: lastUsedAt === null ? 'never' : localTime(lastUsedAt) },
      ]);
      return ok(Object.fromEntries(entries));
    },
  ),
  at(
    'post',
    '/token',
    {
      ...{ tag, auth: BASIC, exact: true, summary: 'Issue a token' },
      responses: { 200: { description: 'It never expires.', schema: Made } },
    },
    async (context) => ok({ token: await accounts.issue(await loggedIn(accounts, context)) }),
  ),
  at(
    'get',
    '/token/:token',
    { tag, summary: 'Show a token and its VMs', values: One, responses: keyed('The token asked for.', Described) },
    async ({ values: { token } }) => {
      const known = accounts.configured ? await accounts.describe(token) : null;
      if (known === null) throw notFound('token', 'of this text');
      const { id, user, createdAt, lastUsedAt } = known;
      const running = await poolVms.ofToken(id);
      return ok({
        [token]: {
          ...{ user, created: localTime(createdAt) },
          ...(lastUsedAt === null ? {} : { last: localTime(lastUsedAt) }),
          ...(running.length === 0 ? {} : { vms: { running } }),
        },
      });
    },
  ),
  at(
    'delete',
    '/token/:token',
    { tag, auth: BASIC, summary: 'Revoke a token; its VMs stay', values: One, responses: OK },
    async (context) => {
      const who = await loggedIn(accounts, context);
      // Unknown ones are 401, as with vmpooler.
      if (!(await accounts.revoke(who, context.values.token)))
        throw new DomainError({ kind: 'unauthorized', why: 'The token is unknown.' });
      return ok();
    },
  ),
];
