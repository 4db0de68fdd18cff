import { defineSignal } from '@temporalio/workflow';
import type { TaskId } from '../../domain/ids.ts';

/** How a build of a base image ended. */
export interface BaseSettled {
  readonly build: TaskId;
  /** Null if the image is ready. `permanent`: another build would fail the same way. */
  readonly failure: { readonly reason: string; readonly permanent: boolean } | null;
}

/** Told to every workflow that waits for the image. */
export const baseSettled = defineSignal<[BaseSettled]>('baseSettled');
