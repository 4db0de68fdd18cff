import { spawn } from 'node:child_process';
import { DomainError, unavailable } from '../../domain/fault.ts';
import { lines } from './lines.ts';

export interface RunOptions {
  /** Written to standard input: the only way in for secrets, since argument lists are world-readable. */
  readonly input?: string;
  /** Exit codes that are no failure; [0] unless told. */
  readonly okCodes?: readonly number[];
  readonly signal?: AbortSignal;
  /** Called with each line of either output, as it comes; then the result has only the outputs' ends. */
  readonly line?: (text: string) => void;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds after which the process group is ended and the call fails; none unless told. */
  readonly timeoutMs?: number;
  /** Whether the kernel kills the program when this process dies, however it dies: for whatever runs long. */
  readonly diesWithUs?: boolean;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The one door to other programs. Takes an argument list, never a command line. */
export type Run = (argv: readonly [string, ...string[]], options?: RunOptions) => Promise<RunResult>;

/** Characters kept of an output that goes somewhere line by line: it may be endless. */
const KEPT = 64 * 1024;

/** Grace between SIGTERM and SIGKILL of an aborted process group. */
const KILL_AFTER_MS = 3_000;

// A signal handler of ours could not do this: nothing of ours runs after a SIGKILL.
const DIES_WITH_US = ['setpriv', '--pdeathsig', 'KILL', '--'];

/**
 * Runs a program in a process group of its own. An exit code outside `okCodes` is 'internal' with the last line of what
 * it wrote to standard error; a program that is not there is 'unavailable'. Aborted: the group is ended, then the signal's reason is thrown.
 */
export const run: Run = (argv, options = {}) =>
  new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(options.signal.reason);
    const [program, ...args] = options.diesWithUs ? [...DIES_WITH_US, ...argv] : argv;
    const child = spawn(program ?? '', args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.env ? { env: { ...process.env, ...options.env } } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
    });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      const stream = child[name].setEncoding('utf8');
      if (options.line) {
        const splitter = lines(options.line);
        stream.on('data', splitter.push).on('end', splitter.end);
      }
      stream.on('data', (chunk: string) => {
        out[name] += chunk;
        if (options.line && out[name].length > 2 * KEPT) out[name] = out[name].slice(-KEPT);
      });
    }
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on('error', () => undefined).end(options.input ?? '');

    let killer: NodeJS.Timeout | undefined;
    const group = (signal: NodeJS.Signals): void => {
      try {
        if (child.pid) process.kill(-child.pid, signal);
      } catch {
        // ESRCH: the group is gone already.
      }
    };
    const end = (): void => {
      group('SIGTERM');
      killer = setTimeout(() => group('SIGKILL'), KILL_AFTER_MS);
    };
    options.signal?.addEventListener('abort', end, { once: true });
    let late = false;
    const deadline =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            end();
          }, options.timeoutMs);
    const settle = (): void => {
      clearTimeout(killer);
      clearTimeout(deadline);
      options.signal?.removeEventListener('abort', end);
    };

    child.once('error', (cause) => {
      settle();
      reject(unavailable(`cannot run '${program}': is it installed?`, cause));
    });
    child.once('close', (code, signal) => {
      settle();
      if (options.signal?.aborted) return reject(options.signal.reason);
      if (code !== null && (options.okCodes ?? [0]).includes(code)) return resolve({ code, ...out });
      if (late) return reject(unavailable(`'${named(argv)}' did not end within ${options.timeoutMs} ms.`));
      reject(failed(argv, code ?? signal ?? 'unknown', out.stderr || out.stdout));
    });
  });

function failed(argv: readonly string[], code: number | string, output: string): DomainError {
  const last = output.trim().split('\n').slice(-3).join(' | ').slice(-600);
  return new DomainError({ kind: 'internal', why: `'${named(argv)}' ended with ${code}: ${last}` });
}

/** A command's first words: enough to know it by, and no place for what it was given. */
const named = (argv: readonly string[]): string => argv.slice(0, 2).join(' ');
