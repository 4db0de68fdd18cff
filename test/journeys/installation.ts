import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Api, apiClient } from '../../cli/client/api.ts';
import type { Instance } from '../../cli/instance/instance.ts';

const SLIPWAY = join(import.meta.dirname, '../../slipway');

/** A process of the product, as a user starts it. */
export interface Process {
  readonly pid: number;
  /** What it wrote to standard error. */
  readonly log: () => string;
  /** SIGKILL to the process; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit status. */
  end(): Promise<number | null>;
}

interface Started extends Process {
  /** The line that said it was ready. */
  readonly ready: string;
}

/** A command that starts others, and what it adds to their environment; undefined takes away. */
export interface Starter {
  readonly by?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Starts `slipway` with these arguments; resolves when a line of `stream` satisfies `isReady`. Rejects with its log if it ends first. */
async function start(
  args: readonly string[],
  stream: 'stdout' | 'stderr',
  isReady: (line: string) => boolean,
  { by = [], env = {} }: Starter = {},
): Promise<Started> {
  const [program = SLIPWAY, ...words] = [...by, SLIPWAY, ...args];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TEMPORAL_ADDRESS: '', ...env },
  });
  const written: string[] = [];
  const ready = new Promise<string>((resolve, reject) => {
    for (const name of ['stdout', 'stderr'] as const) {
      createInterface({ input: child[name] }).on('line', (line) => {
        written.push(line);
        if (name === stream && isReady(line)) resolve(line);
      });
    }
    child.once('exit', (code) => reject(new Error(`slipway ${args[0]} ended (${code}): ${written.join('\n')}`)));
  });
  const process_ = handle(child, () => written.join('\n'));
  return { ...process_, ready: await ready };
}

function handle(child: ChildProcess, log: () => string): Process {
  const send = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, 'exit');
    child.kill(signal);
    const [code] = await exit;
    return code as number | null;
  };
  return {
    pid: child.pid ?? 0,
    log,
    kill: async () => void (await send('SIGKILL')),
    end: () => send('SIGTERM'),
  };
}

/** A directory for an installation; short, since sockets may be made in it. */
export function dataDir(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export interface Up extends Process {
  readonly instance: Instance;
  readonly api: Api;
}

const FREE_PORTS = ['listen', 'metadata', 'vmpooler'].flatMap((name) => [`--${name}`, '127.0.0.1:0']);

/** `slipway up`, on free ports unless told. */
export const up = (dir: string, ...more: readonly string[]): Promise<Up> => upAsTold(dir, ...FREE_PORTS, ...more);

/** `slipway up` with these options alone. */
export async function upAsTold(dir: string, ...options: readonly string[]): Promise<Up> {
  const started = await start(['up', '--data', dir, ...options], 'stdout', (line) => line.startsWith('{'));
  const instance = JSON.parse(started.ready) as Instance;
  return { ...started, instance, api: apiClient(instance) };
}

/** `slipway api|control|node` alone; ready when its log says so. */
export const role = (name: Role, ...args: readonly string[]): Promise<Process> => roleBy({}, name, ...args);

/** The same, started by somebody else. */
export const roleBy = (starter: Starter, name: Role, ...args: readonly string[]): Promise<Process> =>
  start([name, ...args], 'stderr', (line) => line.includes('"msg":"started"'), starter);

type Role = 'api' | 'control' | 'node';

/** One run of the command line; resolves with what it wrote and its exit status. */
export async function slipway(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(SLIPWAY, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TEMPORAL_ADDRESS: '' },
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      out[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code: code as number, ...out };
}
