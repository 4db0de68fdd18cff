import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launcher } from '../../../activities/drivers/launcher.ts';
import { type Run, run } from '../../../activities/drivers/run.ts';

const shell = (script: string): [string, ...string[]] => ['sh', '-c', script];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-run-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const isAlive = (pid: number): boolean => {
  try {
    // A zombie has ended.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};
const gone = (pid: number) => expect.poll(() => isAlive(pid), { interval: 20, timeout: 5_000 }).toBe(false);
const pidIn = async (file: string): Promise<number> => {
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'), { interval: 10 }).toBe(true);
  return Number(readFileSync(file, 'utf8'));
};

describe.each<[string, Run]>([
  ['run', run],
  ['run by a launcher', launcher()],
])('%s', (_, run) => {
  it('tells what a program wrote and how it ended', async () => {
    expect(await run(shell('cat; echo oops >&2; exit 3'), { input: 'hello', okCodes: [0, 3] })).toEqual({
      code: 3,
      stdout: 'hello',
      stderr: 'oops\n',
    });
  });

  it('tells each line as it comes, in order', async () => {
    const told: string[] = [];
    await run(shell('for i in 1 2 3 4 5 6 7 8; do echo line $i; done'), { line: (text) => void told.push(text) });
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => `line ${i}`));
  });

  it('gives a program its directory and environment', async () => {
    const { stdout } = await run(shell('pwd; echo "$KEY $HOME"'), { cwd: dir, env: { KEY: 'value' } });
    expect(stdout).toBe(`${dir}\nvalue ${process.env.HOME}\n`);
  });

  it('fails with the last words of a program that fails, not with what it was given', async () => {
    const failing = run(shell('echo one >&2; echo two >&2; exit 4 # secret'));
    await expect(failing).rejects.toMatchObject({
      fault: { kind: 'internal' },
      message: "'sh -c' ended with 4: one | two",
    });
  });

  it('says which program is not there, and that it is worth another try', async () => {
    const asked = run(['no-such-program', 'x']);
    await expect(asked).rejects.toMatchObject({
      fault: { kind: 'unavailable', why: expect.stringContaining("'no-such-program'") },
    });
  });

  it('ends the whole group of a program when it is aborted, and then throws the reason', async () => {
    const controller = new AbortController();
    const running = run(shell(`sleep 60 & echo $! > ${dir}/pid; wait`), { signal: controller.signal });
    const pid = await pidIn(join(dir, 'pid'));
    controller.abort(new Error('no longer wanted'));
    await expect(running).rejects.toThrow('no longer wanted');
    await gone(pid);
    await expect(run(shell('true'), { signal: controller.signal })).rejects.toThrow('no longer wanted');
  });

  it('ends a program that takes longer than it may', async () => {
    await expect(run(['sleep', '60'], { timeoutMs: 50 })).rejects.toMatchObject({
      fault: { kind: 'unavailable', why: "'sleep 60' did not end within 50 ms." },
    });
  });

  it('runs many at once', async () => {
    const all = await Promise.all([...Array(20).keys()].map((i) => run(shell(`echo ${i}`))));
    expect(all.map(({ stdout }) => Number(stdout))).toEqual([...Array(20).keys()]);
  });
});

describe('a launcher', () => {
  const parentOf = async (run: Run): Promise<number> => Number((await run(shell('echo $PPID'))).stdout);

  it('that is killed fails its calls, and the next one begins another', async () => {
    const run = launcher();
    const first = await parentOf(run);
    expect(first).not.toBe(process.pid);
    const running = run(['sleep', '60'], { diesWithUs: true });
    await expect
      .poll(() => execFileSync('pgrep', ['-P', `${first}`], { encoding: 'utf8' }), { interval: 10 })
      .not.toBe('');
    process.kill(first, 'SIGKILL');
    await expect(running).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
    expect(await parentOf(run)).not.toBe(first);
  });

  it('outlives what ends a whole group, and ends with whoever began it, with what is to die with that one', async () => {
    const source = `
      import { launcher } from '${join(import.meta.dirname, '../../../activities/drivers/launcher.ts')}';
      const run = launcher();
      await run(['sh', '-c', 'kill -TERM $PPID; kill -INT $PPID; echo $PPID > ${dir}/launcher']);
      setInterval(() => undefined, 1e6);
      await run(['sh', '-c', 'echo $$ > ${dir}/program; exec sleep 60'], { diesWithUs: true });`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'inherit' });
    const pids = [await pidIn(join(dir, 'launcher')), await pidIn(join(dir, 'program'))];
    expect(pids.map(isAlive)).toEqual([true, true]);
    owner.kill('SIGKILL');
    for (const pid of pids) await gone(pid);
  });
});
