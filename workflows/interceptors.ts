import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowInterceptors, WorkflowOutboundCallsInterceptor } from '@temporalio/workflow';
import { readable } from '../domain/queues.ts';
import { currentStep, STEP_HEADER } from './lib/progress.ts';

/** Gives every activity the name of its step, for the engine's UI, and the task's progress, for the activity to tell. */
const stepHeaders: WorkflowOutboundCallsInterceptor = {
  scheduleActivity: (input, next) => next(withStep(input)),
  scheduleLocalActivity: (input, next) => next(withStep(input)),
};

function withStep<T extends { readonly headers: Record<string, unknown>; readonly options: { summary?: string } }>(
  input: T,
): T {
  const step = currentStep();
  if (!step) return input;
  return {
    ...input,
    options: { summary: readable(step.status), ...input.options },
    headers: { ...input.headers, [STEP_HEADER]: defaultPayloadConverter.toPayload(step) },
  };
}

export const interceptors = (): WorkflowInterceptors => ({ outbound: [stepHeaders] });
