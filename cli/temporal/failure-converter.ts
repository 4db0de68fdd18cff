import { DefaultFailureConverter } from '@temporalio/common';

/** Messages and stack traces travel as payloads, so that they are encrypted like them. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
