import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/control.ts';
import type { NoteActivities } from '../../activities/note.ts';

/** How long store transactions are tried. */
export const ENDS = {
  startToCloseTimeout: '10s',
  // What a store that is down for so long did not take up is lost, and its task with it.
  scheduleToCloseTimeout: '12h',
  retry: { initialInterval: '100ms', maximumInterval: '10s' },
} as const;

/** One store transaction each, run inside the workflow task: no round trip to the server. */
export const control = proxyLocalActivities<ControlActivities & NoteActivities>(ENDS);

/** The same by way of the server: once it is asked for, the history holds all that was done before, whatever comes then. */
export const controlDurably = proxyActivities<ControlActivities>(ENDS);
