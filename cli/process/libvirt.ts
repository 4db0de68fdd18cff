import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { absent } from '../../activities/drivers/absent.ts';
import { onChange } from '../../activities/drivers/hypervisor/console.ts';
import type { ConsoleLost } from '../../activities/drivers/hypervisor/libvirt.ts';
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
  /** Seconds that a private one is given to answer while its node works; it is asked when a virsh has waited for a third of that. PATIENCE_S unless told. */
  readonly patienceS?: number;
  /** Seconds that one is given to answer when the node starts, and to end. What the script gives unless told. */
  readonly hasteS?: number;
}

/** A libvirt that answers. */
export interface HostLibvirt {
  /** As virsh takes it. */
  readonly uri: string;
  /** Whether it was started here, so that its guests are this user's processes. */
  readonly own: boolean;
  /** What reaches it: one that was started here is replaced whenever it is gone or hangs, the system's is left to the system. */
  readonly reaching: (run: Run) => Run;
  /** Resolves once the virtlogd is another than this guest was started with: what it writes is lost. Null for the system's. */
  readonly consoleLost: ConsoleLost | null;
  /**
   * Ends what was started here; guests run on, and are found again by the next start on the same directory. May be called
   * twice. `scripts/host/libvirtd.sh end DIR/libvirt` ends the guests, too: what removing an installation takes.
   */
  stop(): Promise<void>;
}

export const SYSTEM_URI = 'qemu:///system';

/** A libvirtd answers in 0.1 s; one that was just started by its socket, in 2 s. */
const ANSWER_MS = 15_000;
/** The script has bounds of its own: these end what they do not. */
const START_MS = 180_000;
const STOP_MS = 60_000;
/**
 * What a libvirtd is given to answer while its node works: 300 times what it takes, since on a host that has much to do a
 * slow one must not be killed at its work. What is asked for needs none of the workers that a guest may keep.
 */
const PATIENCE_S = 30;

const script = packageFile('scripts', 'host', 'libvirtd.sh');

/**
 * The libvirt of this host: the one configured, else the system's if it answers, else a private one under `dir`. That one
 * outlives this process, however it dies, and the next call finds it. 'unavailable' with the way out if there is none to be had.
 */
export async function libvirtUri(options: LibvirtOptions): Promise<HostLibvirt> {
  const { dir, configured, log, run = realRun, patienceS = PATIENCE_S, hasteS } = options;
  if (configured !== undefined) return foreign(configured);
  if (await answers(run, SYSTEM_URI)) return foreign(SYSTEM_URI);
  const start = () => startPrivate(run, dir, log, hasteS);
  const uri = await start();
  log.info({ uri }, 'no libvirtd runs on this host: a private one is used');
  const kept = keptLibvirt(dir, {
    start,
    question: () => startPrivate(run, dir, log, patienceS),
    doubtMs: (patienceS * 1_000) / 3,
    lookMs: patienceS * 1_000,
    gone: () => log.warn({ uri }, 'the private libvirtd, or its virtlogd, was gone: it is started again'),
    unanswered: (err) => log.warn({ uri, err }, 'the private libvirtd does not answer, and no other can be started'),
  });
  return {
    uri,
    own: true,
    reaching: kept.reaching,
    consoleLost: (name, signal) => consoleLost(dir, name, signal),
    stop: async () => {
      await kept.stop();
      const { stderr } = await run([script, 'stop', dir, ...seconds(hasteS)], { timeoutMs: STOP_MS });
      if (stderr !== '') log.warn({ uri, said: stderr.trim() }, 'the private libvirtd was ended by force');
    },
  };
}

const foreign = (uri: string): HostLibvirt => ({
  ...{ uri, own: false },
  reaching: (run) => run,
  consoleLost: null,
  stop: async () => undefined,
});

/** By the age of their files, which the script and QEMU write as they start. */
function consoleLost(dir: string, guest: string, signal: AbortSignal): Promise<true> {
  const begun = (file: string) => stat(join(dir, file)).then(({ mtimeMs }) => mtimeMs, absent);
  const look = async (): Promise<true | undefined> => {
    const [logs, qemu] = [await begun('virtlogd.pid'), await begun(join('run', 'qemu', `${guest}.pid`))];
    return (logs !== undefined && qemu !== undefined && qemu < logs) || undefined;
  };
  return onChange(join(dir, 'virtlogd.pid'), look, signal);
}

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

const seconds = (given: number | undefined): readonly string[] => (given === undefined ? [] : [`${given}`]);

/** Replaces one that runs and does not answer within so many seconds, 10 unless told; the log says so. */
async function startPrivate(run: Run, dir: string, log: LibvirtOptions['log'], answerS?: number): Promise<string> {
  try {
    const { stdout, stderr } = await run([script, 'start', dir, ...seconds(answerS)], { timeoutMs: START_MS });
    if (stderr !== '') log.warn({ said: stderr.trim() }, 'the private libvirtd, or its virtlogd, was replaced');
    return stdout.trim();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw unavailable(
      "no libvirt to be had: start the system's with 'systemctl start libvirtd', or name one in the configuration " +
        `(node.libvirt_uri); a private one did not start (${error.message})`,
      error,
    );
  }
}
