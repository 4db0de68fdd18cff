import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../activities/drivers/run.ts';
import { isOurs } from '../temporal/process.ts';

export interface KeptLibvirt {
  /**
   * `run` for a node whose libvirtd may be killed at any moment, or hang: a virsh that cannot reach it has it started, one
   * that waits long has it questioned, and is run again if that replaced it.
   */
  readonly reaching: (run: Run) => Run;
  /** From now on, nobody starts it again; resolves when whoever is at it has ended. */
  stop(): Promise<void>;
}

/** How it is kept, and what is told of that. */
export interface Keeping {
  /** Starts it unless it runs, and resolves when it answers. */
  readonly start: () => Promise<unknown>;
  /** Kills it and starts another unless it answers in its time; resolves when one answers. */
  readonly question: () => Promise<unknown>;
  /** It, or its virtlogd, was gone, and is started. */
  readonly gone: () => void;
  readonly unanswered: (error: unknown) => void;
  /** Milliseconds that a virsh may take before its libvirtd is questioned, again and again. */
  readonly doubtMs: number;
  /** Milliseconds after which it is questioned though nobody waits, again and again. */
  readonly lookMs: number;
}

/** Keeps the private libvirtd of `dir` alive and answering. */
export function keptLibvirt(dir: string, keeping: Keeping): KeptLibvirt {
  let stopped = false;
  let underWay: Promise<unknown> | undefined;
  const begin = (work: () => Promise<unknown>): Promise<unknown> => {
    const begun = work().finally(() => {
      underWay = undefined;
    });
    underWay = begun;
    return begun;
  };
  /** One at a time; resolves at once while it runs and nobody doubts it. */
  const ensured = async (): Promise<void> => {
    if (underWay === undefined && (daemonOf(dir) === null || lacksLogs(dir))) {
      keeping.gone();
      begin(keeping.start);
    }
    await underWay;
  };
  const doubt = (): void => {
    if (stopped || underWay !== undefined) return;
    // Whoever waits for it hears of it, too; there need be nobody.
    begin(keeping.question).catch(keeping.unanswered);
  };

  // A guest that is only listened to asks nothing of them.
  const looks = setInterval(doubt, keeping.lookMs).unref();
  const doubting =
    (run: Run): Run =>
    async (argv, options) => {
      const doubts = isEndless(argv) ? undefined : setInterval(doubt, keeping.doubtMs);
      try {
        return await run(argv, options);
      } finally {
        clearInterval(doubts);
      }
    };

  const reaching =
    (run: Run): Run =>
    async (argv, options) => {
      if (argv[0] !== 'virsh' || stopped) return run(argv, options);
      await ensured();
      const before = daemonOf(dir);
      try {
        return await doubting(run)(argv, options);
      } catch (failure) {
        // virsh ends with 1 whatever went wrong: that its libvirtd is no more is the one reason to try again.
        if (stopped || options?.signal?.aborted || (before !== null && daemonOf(dir) === before)) throw failure;
      }
      await ensured();
      return doubting(run)(argv, options);
    };
  return {
    reaching,
    stop: async () => {
      stopped = true;
      clearInterval(looks);
      // Whoever began it is told how it ended.
      await underWay?.catch(() => undefined);
    },
  };
}

/** One that waits for what may never happen says nothing of its libvirtd. */
const isEndless = (argv: readonly string[]): boolean => argv.includes('--loop');

/** Process id of the libvirtd that runs there; null if none does. */
const daemonOf = (dir: string): number | null => runningBy(dir, 'libvirtd.pid');

/** Whether it was configured for a virtlogd that does not run: guests could not be started. */
const lacksLogs = (dir: string): boolean =>
  existsSync(join(dir, 'etc', 'virtlogd.conf')) && runningBy(dir, 'virtlogd.pid') === null;

function runningBy(dir: string, name: string): number | null {
  try {
    const file = join(realpathSync(dir), name);
    const pid = Number(readFileSync(file, 'utf8'));
    return isOurs(pid, file) ? pid : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
