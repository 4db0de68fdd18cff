import type { ControlPlane } from '../domain/control-plane.ts';
import type { TaskId } from '../domain/ids.ts';
import type { Progress } from '../domain/task.ts';

export type NoteActivities = ReturnType<typeof noteActivities>;

/** What a workflow tells of itself while nobody takes up its work. */
export function noteActivities(controlPlane: ControlPlane) {
  return {
    noteProgress: (task: TaskId, { current, total, status }: Progress): Promise<void> =>
      controlPlane.progress(task, { current, total, status }),
  };
}
