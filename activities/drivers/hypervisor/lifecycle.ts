import type { Virsh } from './virsh.ts';

/** Waits for domains, woken by libvirt's lifecycle events. */
export interface Lifecycle {
  /** Resolves once `settled` says so; rejects with its error, or with the signal's reason. */
  until(settled: () => Promise<boolean>, signal: AbortSignal): Promise<void>;
}

/**
 * What is waited for is looked at this often without an event, too: virsh does not tell when its subscription has begun,
 * and a restart of libvirtd ends it. Then the listener is started again.
 */
const HEARTBEAT_MS = 10_000;

/** One `virsh event` for all who wait; it runs only while somebody does, and dies with this process. */
export function lifecycle(virsh: Virsh, heartbeatMs = HEARTBEAT_MS): Lifecycle {
  const waiting = new Set<() => void>();
  let listener: AbortController | undefined;

  const wakeAll = (): void => {
    for (const wake of waiting) wake();
  };
  const listen = (): void => {
    if (listener) return;
    const mine = new AbortController();
    listener = mine;
    const ended = (): void => {
      if (listener === mine) listener = undefined;
    };
    // Why it ended does not matter: the next heartbeat starts another.
    virsh.call(['event', '--event', 'lifecycle', '--loop'], { signal: mine.signal, line: wakeAll }).then(ended, ended);
  };

  const deafen = (): void => {
    listener?.abort();
    listener = undefined;
  };

  return {
    until: async (settled, signal) => {
      let woken = Promise.withResolvers<void>();
      const wake = (): void => woken.resolve();
      const beat = setInterval(() => {
        listen();
        wake();
      }, heartbeatMs);
      waiting.add(wake);
      signal.addEventListener('abort', wake);
      try {
        listen();
        for (;;) {
          signal.throwIfAborted();
          // Armed before looking, so that no event between the look and the wait is lost.
          woken = Promise.withResolvers();
          if (await settled()) return;
          await woken.promise;
        }
      } finally {
        clearInterval(beat);
        signal.removeEventListener('abort', wake);
        waiting.delete(wake);
        if (waiting.size === 0) deafen();
      }
    },
  };
}
