import type { Failure } from '../../http/failure.ts';
import type { Reply } from '../../http/reply.ts';
import { z } from '../../http/zod.ts';
import { reasonHeader } from './answer.ts';

export const FailureObject = z
  .object({
    ok: z.literal(false),
    message: z.string().optional().openapi({ description: 'Why; where it is missing, X-Slipway-Reason says it.' }),
  })
  .openapi('Failure');

/** Statuses whose body is exactly `{"ok": false}`: clients compare it, so that the reason stands in a header only. */
const PLAIN: readonly number[] = [401, 404, 503];

/** vmpooler's words for a failure: always JSON, too few ready VMs are 503. */
export function failureReply({ status, message, fault }: Failure): Reply {
  const shown = fault?.kind === 'no-capacity' ? 503 : status;
  // What cannot be read at all has no more to say than the documented failure.
  const plain = PLAIN.includes(shown) || (fault?.kind === 'invalid' && fault.field === 'body');
  return {
    status: shown,
    headers: {
      ...reasonHeader(message),
      ...(shown === 401 ? { 'WWW-Authenticate': 'Basic realm="Authentication required"' } : {}),
    },
    body: plain ? { ok: false } : { ok: false, message },
  };
}
