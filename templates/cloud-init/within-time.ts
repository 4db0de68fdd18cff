import { createContext, Script } from 'node:vm';

/** What was to be done took longer than it may. */
export class TookTooLong extends Error {
  readonly ms: number;

  constructor(ms: number) {
    super(`took longer than ${ms} ms`);
    this.ms = ms;
  }
}

const box = createContext({ work: null as unknown });
const call = new Script('work()');

/** How often the same is tried where this process was kept from working: it was stopped, or others had its processors. */
const TRIES = 5;

/**
 * What `work` returns or throws, if that takes at most so many ms, and TookTooLong else; nothing else of this process runs
 * meanwhile. `work` is ended wherever it is, and waits for nothing.
 */
export function withinTime<T>(ms: number, work: () => T): T {
  box.work = work;
  for (let left = TRIES; ; left -= 1) {
    const before = process.cpuUsage();
    try {
      return call.runInContext(box, { timeout: ms }) as T;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      const { user, system } = process.cpuUsage(before);
      if (left <= 1 || (user + system) / 1_000 > ms / 2) throw new TookTooLong(ms);
    }
  }
}
