import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { DomainError, type Fault, unavailable } from '../../domain/fault.ts';
import type { Run, RunOptions, RunResult } from './run.ts';

/** What the launcher is told; calls are known by their number. */
export type Order =
  | { readonly call: number; readonly argv: Parameters<Run>[0]; readonly options: SentOptions; readonly lines: boolean }
  | { readonly call: number; readonly abort: true };
export type SentOptions = Omit<RunOptions, 'signal' | 'line'>;

/** What it says of a call: a line of output, or how the call ended. */
export type Report =
  | { readonly call: number; readonly line: string }
  | { readonly call: number; readonly result: RunResult }
  | { readonly call: number; readonly fault: Fault };

interface Call {
  readonly resolve: (result: RunResult) => void;
  readonly reject: (reason: unknown) => void;
  readonly line: (text: string) => void;
}

const PROGRAM = join(import.meta.dirname, `launcher-process${extname(import.meta.filename)}`);

/**
 * `run` by way of a small process, begun with the first call: starting a program copies the page tables of the process that
 * starts it, during which a node worker of 200-450 MB does nothing else for 10-25 ms; the small one takes 2. It ends when this
 * process does, however that ends; if it is killed itself, its calls are 'unavailable' and the next one begins another.
 */
export function launcher(): Run {
  const calls = new Map<number, Call>();
  let last = 0;
  let current: ChildProcess | undefined;

  const hear = (report: Report): void => {
    const call = calls.get(report.call);
    if (!call) return;
    if ('line' in report) {
      call.line(report.line);
      return;
    }
    calls.delete(report.call);
    if (calls.size === 0) current?.channel?.unref();
    if ('result' in report) call.resolve(report.result);
    else call.reject(new DomainError(report.fault));
  };
  const begin = (): ChildProcess => {
    const child = fork(PROGRAM, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const lost = (cause: unknown): void => {
      if (current !== child) return;
      current = undefined;
      for (const call of calls.values()) call.reject(unavailable('the process that starts programs was killed', cause));
      calls.clear();
    };
    child.on('message', hear).once('exit', lost).on('error', lost);
    child.unref();
    return child;
  };
  const tell = (order: Order): void => {
    current ??= begin();
    // Only a call that has not ended keeps this process alive.
    current.channel?.ref();
    current.send(order);
  };

  return (argv, { signal, line, ...options } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      last += 1;
      const call = last;
      const abort = (): void => tell({ call, abort: true });
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          signal?.removeEventListener('abort', abort);
          if (signal?.aborted) reject(signal.reason);
          else settle(value);
        };
      };
      calls.set(call, { resolve: settled(resolve), reject: settled(reject), line: (text) => line?.(text) });
      signal?.addEventListener('abort', abort, { once: true });
      tell({ call, argv, options, lines: line !== undefined });
    });
}
