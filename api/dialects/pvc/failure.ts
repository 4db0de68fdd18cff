import type { Failure } from '../../http/failure.ts';
import type { Reply } from '../../http/reply.ts';
import { z } from '../../http/zod.ts';

/** 'manual': every failure is 510, as the API manual says; 'precise': 400, 404, 409 and so on, as later PVC and HTTP have it. */
export type FailureStatus = 'manual' | 'precise';

const MANUAL_FAILURE = 510;
/** Of paths and methods that there are not: no endpoint has failed. */
const NO_ENDPOINT: readonly number[] = [404, 405];

export const FailureMessage = z
  .object({ message: z.string().openapi({ description: 'Why, naming the field at fault.' }) })
  .openapi('Failure');

/** PVC's words for a failure: a message, without double quotes. A missing key is 401, a path that there is not 404, either way. */
export const failureReply =
  (mode: FailureStatus) =>
  ({ status, message, fault }: Failure): Reply => {
    const kept = fault === null ? NO_ENDPOINT.includes(status) : fault.kind === 'unauthorized';
    return {
      status: mode === 'precise' || kept ? status : MANUAL_FAILURE,
      body: { message: message.replaceAll('"', "'") },
    };
  };
