import type { LogLine } from '../domain/task.ts';

export interface LogPump {
  readonly line: (text: string) => void;
  /** Resolves when every line has been handed on; never rejects: a lost line of a log fails no installation. */
  readonly drained: () => Promise<void>;
}

/** Hands lines on in order, as many at once as came while the last ones were on their way. */
export function logPump(
  append: (lines: readonly LogLine[]) => Promise<void>,
  step: string,
  warn: (message: string, error: unknown) => void,
): LogPump {
  let queued: LogLine[] = [];
  let pumping: Promise<void> | null = null;

  const pump = async (): Promise<void> => {
    while (queued.length > 0) {
      const lines = queued;
      queued = [];
      await append(lines).catch((error: unknown) => warn(`${lines.length} lines of a task's log were lost`, error));
    }
    pumping = null;
  };

  return {
    line: (text) => {
      queued.push({ at: Date.now(), step, text });
      pumping ??= Promise.resolve().then(pump);
    },
    drained: async () => {
      await pumping;
    },
  };
}
