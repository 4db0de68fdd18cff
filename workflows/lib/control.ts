import { proxyLocalActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/control.ts';
import type { NoteActivities } from '../../activities/note.ts';

/** One store transaction each, run inside the workflow task: no round trip to the server. */
export const control = proxyLocalActivities<ControlActivities & NoteActivities>({
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '15m',
  retry: { initialInterval: '100ms', maximumInterval: '10s' },
});
