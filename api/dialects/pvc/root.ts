import { type Route, route } from '../../http/route.ts';
import { Message } from './answer.ts';

/** The API's own description, and the bare provisioner path, which PVC has no document for. */
export const rootRoutes = (): readonly Route[] => [
  route(
    'get',
    '/',
    {
      tag: 'root',
      summary: 'Whether the API answers',
      auth: 'none',
      responses: { 209: { description: 'It does.', schema: Message } },
    },
    () => ({ status: 209, body: { message: 'PVC API version 1' } }),
  ),
  route(
    'get',
    '/provisioner',
    {
      tag: 'provisioner',
      summary: 'Nothing: see the paths below it',
      responses: { 404: { description: 'Always.', schema: Message } },
    },
    () => ({
      status: 404,
      body: { message: 'There is nothing here; see /provisioner/template, /script, /profile, /create.' },
    }),
  ),
];
