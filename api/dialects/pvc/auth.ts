import { DomainError } from '../../../domain/fault.ts';
import type { TokenService } from '../../core/token.ts';
import { cookie, SESSION_COOKIE, sessionCookie } from '../../http/principal.ts';
import type { Reply } from '../../http/reply.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { MESSAGE } from './answer.ts';

const FORM = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Slipway: log in</title></head>
<body><form method="post"><label>Token <input type="password" name="token" required autofocus></label>
<button type="submit">Log in</button></form></body></html>
`;

const DISABLED: Reply = { status: 200, body: { message: 'Authentication is disabled' } };

const Login = z.object({ token: word('A token of the API.') });

/** Sessions, under the manual's paths and the later ones. */
export function authRoutes(tokens: TokenService, enabled: boolean): readonly Route[] {
  const form = (): Reply => (enabled ? { status: 200, type: 'text/html', text: FORM } : DISABLED);

  const login = async ({ values, secure }: Context<z.output<typeof Login>>): Promise<Reply> => {
    const session = await tokens.login(values.token);
    if (session === null) throw new DomainError({ kind: 'unauthorized', why: 'Authentication failed' });
    const headers = { 'Set-Cookie': sessionCookie(session, secure) };
    return { status: 200, headers, body: { message: 'Authentication successful' } };
  };

  const logout = async ({ header, secure }: Context<unknown>): Promise<Reply> => {
    if (!enabled) return DISABLED;
    const session = cookie(header('cookie'), SESSION_COOKIE);
    if (session !== undefined) await tokens.logout(session);
    return { status: 200, headers: { 'Set-Cookie': sessionCookie('', secure) }, body: { message: 'Deauthorized' } };
  };

  const page = { 200: { description: 'An HTML form.', schema: z.string(), type: 'text/html' } };
  const tag = 'authentication';
  return [
    ...['/auth/login', '/login'].flatMap((path) => [
      route('get', path, { tag, auth: 'none', summary: 'A form to log in with', responses: page }, form),
      // With authentication disabled there is no token to ask for.
      enabled
        ? route(
            'post',
            path,
            { tag, auth: 'none', summary: 'Begin a session', values: Login, responses: MESSAGE },
            login,
          )
        : route('post', path, { tag, auth: 'none', summary: 'Begin a session', responses: MESSAGE }, () => DISABLED),
    ]),
    ...['/auth/logout', '/logout'].flatMap((path) =>
      (['get', 'post'] as const).map((method) =>
        route(method, path, { tag, auth: 'none', summary: 'End the session', responses: MESSAGE }, logout),
      ),
    ),
  ];
}
