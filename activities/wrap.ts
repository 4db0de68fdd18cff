import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { DomainError, RETRYABLE } from '../domain/fault.ts';

/**
 * What Temporal is told of an error: type and details from the fault, repeated only if that may help.
 * Its cause is for logs only and stays here. A cancellation and anything unknown pass as they are: cancelled, or repeated.
 */
export function toFailure(error: unknown): unknown {
  if (!(error instanceof DomainError)) return error;
  const { fault } = error;
  const retryable = RETRYABLE[fault.kind];
  return ApplicationFailure.create({
    message: error.message,
    type: fault.kind,
    nonRetryable: !retryable,
    details: [fault],
    // A refusal is an answer, not a defect: it belongs into no error log.
    ...(retryable ? {} : { category: ApplicationFailureCategory.BENIGN }),
  });
}
