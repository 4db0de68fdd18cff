import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';

const CLI = join(import.meta.dirname, '../../cli');
const SHOW = [join(CLI, 'main.ts'), 'config', 'show'];

interface Ending {
  readonly code: number | null;
  readonly err: string;
}

/** Runs Node; without `out`, with a standard output that nobody reads. */
async function ended(args: readonly string[], out?: number): Promise<Ending> {
  const argv = ['--disable-warning=ExperimentalWarning', ...args];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', out ?? 'pipe', 'pipe'] });
  child.stdout?.destroy();
  let err = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = await once(child, 'close');
  return { code, err };
}

it('ends quietly when nobody reads its output any more', async () => {
  expect(await ended(SHOW)).toEqual({ code: 0, err: '' });
});

it("ends quickstart's program as quietly when nobody reads what it says", async () => {
  const argv = ['--disable-warning=ExperimentalWarning', join(CLI, 'quickstart.ts'), 'stop'];
  const env = { ...process.env, SLIPWAY_QUICKSTART_DATA: '/nowhere' };
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'], env });
  child.stderr?.destroy();
  expect(await once(child, 'close')).toEqual([0, null]);
});

it('fails with one line when its output cannot be written', async () => {
  const full = openSync('/dev/full', 'w');
  const { code, err } = await ended(SHOW, full);
  closeSync(full);
  expect(code).toBe(1);
  expect(err).toMatch(/^slipway: cannot write: ENOSPC.*\n$/);
});

it('goes on without a reader where it ends in order, as servers do', async () => {
  const program = `
    import { watchOutput } from ${JSON.stringify(join(CLI, 'output.ts'))};
    watchOutput();
    process.on('SIGTERM', () => undefined);
    process.stdout.write('ready');
    setTimeout(() => process.exit(3), 100);`;
  expect(await ended(['--input-type=module', '-e', program])).toEqual({ code: 3, err: '' });
});

it('ends though something of it goes on, with its status', async () => {
  const lingering = ['--import', 'data:text/javascript,setInterval(() => undefined, 60_000)'];
  const command = [join(CLI, 'main.ts'), 'config', 'check', '--config', '/nowhere'];
  const read = openSync('/dev/null', 'w');
  const { code, err } = await ended([...lingering, ...command], read);
  closeSync(read);
  expect([code, err]).toEqual([64, expect.stringContaining('/nowhere')]);
});

it('ends no sooner than a slow reader has read all of it', async () => {
  const preload = `const { write } = process.stdout; process.stdout.write = function (text, ...rest) {
    return write.call(this, text === '' ? text : text.padEnd(1_000_000), ...rest);
  };`;
  const argv = ['--disable-warning=ExperimentalWarning', '--import', `data:text/javascript,${preload}`, ...SHOW];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const over = once(child, 'exit');
  // More than it lingers.
  await Promise.race([over, pause(2_000)]);
  let length = 0;
  for await (const chunk of child.stdout) length += (chunk as Buffer).length;
  expect(length).toBeGreaterThanOrEqual(1_000_000);
  expect(await over).toEqual([0, null]);
});
