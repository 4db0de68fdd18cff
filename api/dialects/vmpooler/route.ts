import type { ZodObject, z } from 'zod';
import type { Manners } from '../../http/dialect.ts';
import type { Reply } from '../../http/reply.ts';
import { type Context, type Method, type OwnAuth, type Route, type RouteSpec, route } from '../../http/route.ts';

/** How vmpooler writes HTTP. */
export const MANNERS: Manners = {
  bodies: 'pretty',
  otherMethods: 'unknown',
  bareKeys: 'absent',
  schemes: {
    token: { type: 'apiKey', in: 'header', name: 'X-AUTH-TOKEN' },
    basic: { type: 'http', scheme: 'basic' },
  },
};

export const BASIC: OwnAuth = { by: ['basic'] };
/** Checked where an authentication store is configured. */
export const TOKEN: OwnAuth = { by: ['token'] };
export const MAYBE_TOKEN: OwnAuth = { by: ['token'], optional: true };

/** A route of vmpooler's: bodies are JSON whatever their content type says, or ignored; open to anyone unless told. */
export const at = <Schema extends ZodObject = ZodObject<Record<never, never>>>(
  method: Method,
  path: string,
  spec: RouteSpec<Schema>,
  handler: (context: Context<z.output<Schema>>) => Reply | Promise<Reply>,
): Route => route(method, path, { document: 'ignored', auth: 'none', ...spec }, handler);
