import { DEFAULT_TENANT } from '../../../domain/principal.ts';
import type { TokenInfo, TokenService } from '../../core/token.ts';
import { type Route, route } from '../../http/route.ts';
import { oneOf, optional, word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { listOf, MESSAGE, objectOf, ok } from './answer.ts';
import { name } from './name.ts';

const TokenObject = z
  .object({
    id: z.string(),
    description: z.string(),
    role: z.string(),
    tenant: z.string(),
    created_at: z.string(),
    user: z.string().nullable().openapi({ description: "Who issued it for themselves; null for the operators' own." }),
    last_used_at: z.string().nullable().openapi({ description: 'To the second; null if it was never used.' }),
  })
  .openapi('Token');
const NewTokenObject = TokenObject.extend({
  token: z.string().openapi({ description: 'Shown this once.' }),
}).openapi('NewToken');

const at = (ms: number): string => new Date(ms).toISOString();

const toToken = ({ createdAt, lastUsedAt, ...token }: TokenInfo): z.output<typeof TokenObject> => ({
  ...token,
  created_at: at(createdAt),
  last_used_at: lastUsedAt === null ? null : at(lastUsedAt),
});

const New = z.object({
  description: word('Whose it is, or what for.'),
  role: optional(oneOf('What it permits; user without.', ['admin', 'user', 'viewer'])),
  tenant: optional(name('Owner of what it creates.')),
});

const tag = 'tokens';

/** Tokens of the API (beyond PVC, whose tokens stand in its configuration only). */
export const tokenRoutes = (tokens: TokenService): readonly Route[] => [
  route('get', '/token', { tag, summary: 'List tokens', responses: listOf(TokenObject) }, async ({ principal }) =>
    ok((await tokens.list(principal)).map(toToken)),
  ),
  route(
    'post',
    '/token',
    { tag, summary: 'Make a token', values: New, responses: objectOf(NewTokenObject) },
    async ({ values, principal }) => {
      const { description, role = 'user', tenant = DEFAULT_TENANT } = values;
      const { token, ...made } = await tokens.create(principal, { description, role, tenant });
      return ok({ ...toToken(made), token });
    },
  ),
  route(
    'delete',
    '/token/:token',
    {
      tag,
      summary: 'Remove a token',
      values: z.object({ token: name('Id of the token, not the token.') }),
      responses: MESSAGE,
    },
    async ({ values, principal }) => {
      await tokens.remove(principal, values.token);
      return ok({ message: 'Token removed.' });
    },
  ),
];
