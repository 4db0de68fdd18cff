import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import type { DomainError } from '../../domain/fault.ts';
import { type CallOptions, type Lab, missing, openLab } from './installer-lab.ts';

/** `attempt` runs a piece of code and says GOT with what it gave, or DENIED with the reason. */
export const PRELUDE = `
import ctypes, errno, json, mmap, os, pathlib, signal, socket, stat, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def checked(result):
  if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
  return result
def sh(*argv): return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
def read(path): return open(path, errors="replace").read(200)
def write(path):
  with open(path, "w") as file: file.write("owned")
  return path
def attempt(name, code):
  try: print("GOT", name, repr(eval(code, globals())), flush=True)
  except BaseException as error: print("DENIED", name, type(error).__name__, error, flush=True)
`;

/** A script that makes every attempt; later ones also if earlier ones went through. */
const attempting = (attempts: Readonly<Record<string, string>>, before = ''): string =>
  `${PRELUDE}\n${before}\ndef install(temporary_directory, **kwargs):\n  globals()["target"] = temporary_directory\n  for name, code in json.loads(${JSON.stringify(JSON.stringify(attempts))}).items(): attempt(name, code)\n`;

/** A lab, and what a hostile script would be after. */
export interface Prey {
  readonly lab: Lab;
  /** What no script may get to see: in a file, in a process's environment, on a port of the host. */
  readonly token: string;
  readonly secret: string;
  readonly canary: ChildProcess;
  readonly port: number;
  /** Every attempt was made, and none got anything. */
  denied(attempts: Readonly<Record<string, string>>, before?: string): Promise<void>;
  /** What a script ends with that has to fail. */
  failure(script: string, options?: CallOptions): Promise<DomainError>;
}

/** Cases of hostile scripts; after each, nothing remains of it and nothing of the host's has changed. */
export function describeHostile(what: string, cases: (prey: () => Prey) => void): void {
  const reason = missing();
  describe.skipIf(reason)(`hostile scripts: ${what}${reason ? ` (skipped: ${reason})` : ''}`, () => {
    let prey: Prey;
    let server: Server;
    beforeAll(async () => {
      server = createServer((socket) => socket.end(prey.token));
      await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
      prey = await lay((server.address() as { port: number }).port);
    });
    afterEach(async () => {
      const { lab, canary, secret, token } = prey;
      expect(await lab.remains()).toEqual([]);
      expect(canary.exitCode ?? canary.signalCode).toBeNull();
      expect(await readFile(secret, 'utf8')).toBe(token);
      expect(await readFile(join(lab.images, 'shared.img'), 'utf8')).toBe('unchanged');
    });
    afterAll(async () => {
      server?.close();
      prey?.canary.kill();
      await prey?.lab.close();
    });
    cases(() => prey);
  });
}

async function lay(port: number): Promise<Prey> {
  const token = randomUUID();
  const lab = await openLab();
  const secret = join(lab.dir, 'secret');
  await writeFile(secret, token, { mode: 0o644 });
  await writeFile(join(lab.images, 'shared.img'), 'unchanged', { mode: 0o600 });
  const canary = spawn('sleep', ['86399'], { stdio: 'ignore', env: { ...process.env, CANARY: token } });
  return {
    ...{ lab, token, secret, canary, port },
    denied: async (attempts, before) => {
      const { lines } = await lab.call(attempting(attempts, before), [await lab.disk('sda')]);
      expect(lines.filter((line) => !line.startsWith('DENIED'))).toEqual([]);
      expect(lines).toHaveLength(Object.keys(attempts).length);
      expect(lines.join()).not.toContain(token);
      // An attempt that failed by its own mistake would prove nothing.
      expect(lines.filter((line) => /SyntaxError|NameError|TypeError|AttributeError/.test(line))).toEqual([]);
    },
    failure: async (script, options) =>
      lab.call(script, [await lab.disk('sda')], options).then(
        () => expect.unreachable('the script succeeded'),
        (error: unknown) => error as DomainError,
      ),
  };
}
