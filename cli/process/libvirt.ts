import { type Run, run as realRun } from '../../activities/drivers/run.ts';
import { DomainError, unavailable } from '../../domain/fault.ts';
import type { Logger } from '../log.ts';
import { packageFile } from '../package-root.ts';
import { keptLibvirt } from './kept-libvirt.ts';

export interface LibvirtOptions {
  /** Where a private libvirtd keeps everything: `DIR/libvirt`. Its path must leave room for a UNIX socket's (107 bytes). */
  readonly dir: string;
  /** The operator's choice; nothing is looked for then. */
  readonly configured?: string | undefined;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly run?: Run;
}

/** A libvirt that answers. */
export interface HostLibvirt {
  /** As virsh takes it. */
  readonly uri: string;
  /** Whether it was started here, so that its guests are this user's processes. */
  readonly own: boolean;
  /** What reaches it: one that was started here is started again whenever it is gone, the system's is left to the system. */
  readonly reaching: (run: Run) => Run;
  /**
   * Ends what was started here; guests run on, and are found again by the next start on the same directory. May be called
   * twice. `scripts/host/libvirtd.sh end DIR/libvirt` ends the guests, too: what removing an installation takes.
   */
  stop(): Promise<void>;
}

export const SYSTEM_URI = 'qemu:///system';

/** A libvirtd answers in 0.1 s; one that was just started by its socket, in 2 s. */
const ANSWER_MS = 15_000;
const START_MS = 60_000;

const script = packageFile('scripts', 'host', 'libvirtd.sh');

/**
 * The libvirt of this host: the one configured, else the system's if it answers, else a private one under `dir`. That one
 * outlives this process, however it dies, and the next call finds it. 'unavailable' with the way out if there is none to be had.
 */
export async function libvirtUri({ dir, configured, log, run = realRun }: LibvirtOptions): Promise<HostLibvirt> {
  if (configured !== undefined) return foreign(configured);
  if (await answers(run, SYSTEM_URI)) return foreign(SYSTEM_URI);
  const uri = await start(run, dir);
  log.info({ uri }, 'no libvirtd runs on this host: a private one is used');
  const gone = (): void => log.warn({ uri }, 'the private libvirtd was gone: it is started again');
  const kept = keptLibvirt(dir, () => start(run, dir), gone);
  return {
    uri,
    own: true,
    reaching: kept.reaching,
    stop: async () => {
      kept.stop();
      await run([script, 'stop', dir]);
    },
  };
}

const foreign = (uri: string): HostLibvirt => ({
  ...{ uri, own: false },
  reaching: (run) => run,
  stop: async () => undefined,
});

async function answers(run: Run, uri: string): Promise<boolean> {
  try {
    await run(['virsh', '-q', '-c', uri, 'version'], { timeoutMs: ANSWER_MS });
    return true;
  } catch (error) {
    // Whatever the reason is, it cannot be used; a missing virsh is told of by the private one's start.
    if (error instanceof DomainError) return false;
    throw error;
  }
}

async function start(run: Run, dir: string): Promise<string> {
  try {
    return (await run([script, 'start', dir], { timeoutMs: START_MS })).stdout.trim();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw unavailable(
      "no libvirt to be had: start the system's with 'systemctl start libvirtd', or name one in the configuration " +
        `(node.libvirt_uri); a private one did not start (${error.message})`,
      error,
    );
  }
}
