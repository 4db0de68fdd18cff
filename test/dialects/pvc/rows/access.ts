import { expect } from 'vitest';
import { changed, has, message, type Row } from './row.ts';

/** The API itself, log-in, tokens and people. */
export const ACCESS_ROWS: readonly Row[] = [
  { route: 'GET /', status: 209, body: message('PVC') },
  { route: 'GET /provisioner', status: 404, body: message('nothing') },
  { route: 'GET /auth/login', body: expect.stringContaining('<form') },
  { route: 'GET /login', body: expect.stringContaining('<form') },
  {
    route: 'POST /auth/login',
    values: { token: 'test-token-admin' },
    body: message('Authentication successful'),
    bad: [[{ token: '' }, 'token']],
  },
  {
    route: 'POST /login',
    values: { token: 'test-token-admin' },
    body: message('Authentication successful'),
    bad: [[{ token: [] }, 'token']],
  },
  { route: 'GET /auth/logout', body: message('Deauthorized') },
  { route: 'POST /auth/logout', body: message('Deauthorized') },
  { route: 'GET /logout', body: message('Deauthorized') },
  { route: 'POST /logout', body: message('Deauthorized') },
  {
    route: 'GET /token',
    body: [has({ id: '0', description: 'admin', role: 'admin', created_at: '2026-01-01T00:00:00.000Z' })],
  },
  {
    route: 'POST /token',
    values: { description: 'ci', role: 'viewer' },
    body: has({ token: expect.stringMatching(/^[\w-]{43}$/), role: 'viewer' }),
    bad: [
      [{ description: [] }, 'description'],
      [{ role: 'god' }, 'role'],
    ],
  },
  { route: 'DELETE /token/:token', path: '/token/0', body: message('removed'), missing: '/token/99' },

  { route: 'GET /user', body: [{ name: 'jdoe', role: 'user', created_at: expect.any(String) }] },
  {
    route: 'POST /user',
    values: { name: 'Boss', password: 'boss-secret', role: 'admin' },
    body: has({ name: 'boss', role: 'admin' }),
    bad: [
      [{ name: [] }, 'name'],
      [{ name: 'jdoe' }, 'jdoe'],
      [{ name: '-x' }, 'name'],
      [{ name: 'a,b' }, 'name'],
      [{ password: [] }, 'password'],
      [{ password: 'short' }, 'password'],
      [{ role: 'viewer' }, 'role'],
    ],
  },
  {
    route: 'PUT /user/:user',
    path: '/user/jdoe',
    values: { password: 'another-secret' },
    body: changed('jdoe'),
    bad: [
      [{ password: [] }, 'password'],
      [{ password: 'x'.repeat(1025) }, 'password'],
    ],
    missing: '/user/nope',
  },
  { route: 'DELETE /user/:user', path: '/user/jdoe', body: changed('jdoe'), missing: '/user/nope' },
];
