import type { Logger } from '../log.ts';
import type { Running } from './running.ts';

/** Does the work again and again, `everyMs` after it was last done; one that fails is logged, and done again. */
export function again(name: string, everyMs: number, log: Logger, work: () => Promise<unknown>): Running {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let stopped = false;
  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = work()
        .catch((error: unknown) => log.error({ err: error }, `the ${name} failed`))
        .finally(next);
    }, everyMs);
  };
  next();
  return {
    name,
    ended: new Promise(() => undefined),
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
