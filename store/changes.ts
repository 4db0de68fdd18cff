import { watch } from 'node:fs';

/** Tells of commits to the store, whichever process makes them. */
export interface Changes {
  /** Number of commits noticed so far: read it before the rows that `after` is to guard. */
  seen(): number;
  /** Resolves once a commit later than `seen` was noticed; also when aborted. */
  after(seen: number, signal: AbortSignal): Promise<void>;
  close(): void;
}

/**
 * Watches the write-ahead log with inotify. `dataVersion` changes when another connection has committed: log writes are seen
 * before their commit is, so each wake-up is checked against it, and writers touch the log once more after committing.
 */
export function watchChanges(wal: string, dataVersion: () => number): Changes {
  let last = dataVersion();
  let count = 0;
  let scheduled = false;
  const waiting = new Set<() => void>();

  const look = (): void => {
    scheduled = false;
    const now = dataVersion();
    if (now === last) return;
    last = now;
    count += 1;
    for (const wake of [...waiting]) wake();
  };
  const watcher = watch(wal, { persistent: false }, () => {
    if (scheduled) return;
    scheduled = true;
    // Several events of one commit, or of many, cost one look.
    setImmediate(() => {
      if (open) look();
    });
  });
  let open = true;

  return {
    seen: () => count,
    after: (seen, signal) =>
      new Promise((resolve) => {
        if (signal.aborted || count > seen || !open) return resolve();
        const wake = (): void => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      }),
    close: () => {
      open = false;
      watcher.close();
      for (const wake of [...waiting]) wake();
    },
  };
}
