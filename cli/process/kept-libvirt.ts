import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../activities/drivers/run.ts';
import { isOurs } from '../temporal/process.ts';

export interface KeptLibvirt {
  /** `run` for a node whose libvirtd may be killed at any moment: a virsh that cannot reach it has it started, and is run again. */
  readonly reaching: (run: Run) => Run;
  /** From now on, nobody starts it again. */
  stop(): void;
}

/** Keeps the private libvirtd of `dir` alive; `start` starts it unless it runs, and resolves when it answers. */
export function keptLibvirt(dir: string, start: () => Promise<unknown>, gone: () => void): KeptLibvirt {
  let stopped = false;
  let starting: Promise<unknown> | undefined;
  /** One at a time; resolves at once while it runs. */
  const ensured = async (): Promise<void> => {
    if (starting === undefined && daemonOf(dir) === null) {
      gone();
      starting = start().finally(() => {
        starting = undefined;
      });
    }
    await starting;
  };

  const reaching =
    (run: Run): Run =>
    async (argv, options) => {
      if (argv[0] !== 'virsh' || stopped) return run(argv, options);
      await ensured();
      const before = daemonOf(dir);
      try {
        return await run(argv, options);
      } catch (failure) {
        // virsh ends with 1 whatever went wrong: that its libvirtd is no more is the one reason to try again.
        if (stopped || options?.signal?.aborted || (before !== null && daemonOf(dir) === before)) throw failure;
      }
      await ensured();
      return run(argv, options);
    };
  return {
    reaching,
    stop: () => {
      stopped = true;
    },
  };
}

/** Process id of the libvirtd that runs there; null if none does. */
function daemonOf(dir: string): number | null {
  try {
    const file = join(realpathSync(dir), 'libvirtd.pid');
    const pid = Number(readFileSync(file, 'utf8'));
    return isOurs(pid, file) ? pid : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
