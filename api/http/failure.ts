import { DomainError, type Fault, type FaultKind, faultMessage, RETRYABLE } from '../../domain/fault.ts';

/** HTTP status of each kind of fault, where a dialect has none of its own. */
export const STATUS: Readonly<Record<FaultKind, number>> = {
  'not-found': 404,
  exists: 409,
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  conflict: 409,
  'no-capacity': 507,
  script: 422,
  cancelled: 409,
  unavailable: 503,
  internal: 500,
};

/** Whether a failure is the product's or its machines', for the log, and no answer like any other: what may succeed later without being asked otherwise. */
export const isTrouble = ({ fault, status }: Failure): boolean =>
  fault === null ? status >= 500 : RETRYABLE[fault.kind];

/** Header that names a failure's kind, whatever status a dialect gives it. */
export const FAULT_HEADER = 'X-Slipway-Fault';

/** A request that failed: `fault` is null where HTTP itself was used wrongly (no such path, body too large). */
export interface Failure {
  readonly status: number;
  readonly message: string;
  readonly fault: Fault | null;
  readonly requestId: string;
}

/** HTTP used wrongly: keeps its status in every dialect. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What to say of anything thrown; says nothing of the cause when it was not meant for the caller. */
export function toFailure(error: unknown, requestId: string): Failure {
  if (error instanceof DomainError) {
    const { fault } = error;
    return { status: STATUS[fault.kind], message: faultMessage(fault), fault, requestId };
  }
  if (error instanceof HttpError) return { status: error.status, message: error.message, fault: null, requestId };
  if (error instanceof URIError)
    return { status: 400, message: 'The path is not validly percent-encoded.', fault: null, requestId };
  const message = `Internal error; the log has the cause under request ${requestId}.`;
  return { status: 500, message, fault: { kind: 'internal', why: message }, requestId };
}
