import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { onChange } from '../../activities/drivers/hypervisor/console.ts';
import { libvirt } from '../../activities/drivers/hypervisor/libvirt.ts';
import { run } from '../../activities/drivers/run.ts';
import { SYSTEM_URI } from '../../cli/process/libvirt.ts';
import { missingLibvirt } from './missing.ts';
import { HASTE_S, it, lives, script } from './private-libvirt-lab.ts';

const skip = missingLibvirt() ?? (await systemLibvirt());

/** Where the system's libvirtd runs, no private one is started. */
async function systemLibvirt(): Promise<string | undefined> {
  const found = await run(['virsh', '-c', SYSTEM_URI, 'version']).catch(() => undefined);
  return found && "the system's libvirtd runs";
}

const MIB = 1024 * 1024;

/** The pipe by which what a QEMU's guest writes goes to virtlogd. By the guest itself, a byte at a time, 10 MiB take minutes. */
function consolePipe(qemu: number, virtlogd: number): string {
  const pipes = (process: number): ReadonlyMap<string, string> => {
    const files = readdirSync(`/proc/${process}/fd`).map((name) => `/proc/${process}/fd/${name}`);
    return new Map(files.map((file) => [readlinkSync(file), file] as const).filter(([to]) => to.startsWith('pipe:')));
  };
  const [reading, writing] = [pipes(virtlogd), pipes(qemu)];
  // Its own messages go there, too.
  const own = readlinkSync(`/proc/${qemu}/fd/2`);
  const shared = [...writing].filter(([to]) => to !== own && reading.has(to)).map(([, file]) => file);
  expect(shared).toHaveLength(1);
  return shared[0] as string;
}

describe.skipIf(skip)(`private libvirtd${skip ? ` (skipped: ${skip})` : ''}`, { concurrent: true }, () => {
  it('is one, however often and from wherever it is asked for', async ({ lab: { open, pid } }) => {
    const [first, second] = await Promise.all([open(), open()]);
    expect(second.uri).toBe(first.uri);
    const one = pid();
    expect((await open()).uri).toBe(first.uri);
    expect(pid()).toBe(one);
    await first.stop();
    await first.stop();
    expect(lives(one)).toBe(false);
  });

  it('finds its guests again after it was killed, and after it was stopped', async ({
    lab: { state, open, pid, guest, running },
  }) => {
    const { uri, stop } = await open();
    const { vm, qemu } = await guest(uri);
    process.kill(pid(), 'SIGKILL');
    expect(await running((await open()).uri)).toBe(vm);
    await stop();
    expect(lives(qemu)).toBe(true);
    expect(await running((await open()).uri)).toBe(vm);
    await stop();
    // Also from the outside, with no libvirtd there: what removing an installation does.
    await run([script, 'end', state]);
    expect(lives(qemu)).toBe(false);
  });

  it('is started again by whoever misses it, and by whoever waits for its guest', async ({
    lab: { dir, state, open, pid, guest },
  }) => {
    const { uri, reaching, stop } = await open();
    const { vm, qemu } = await guest(uri);
    const driver = libvirt({ uri, dir: join(dir, 'node'), run: reaching(run), forceAccel: 'tcg' });
    process.kill(pid(), 'SIGKILL');
    expect(await driver.list()).toEqual([{ vm, name: 'private', running: true }]);
    // Waits by events, which nobody tells of while there is no libvirtd.
    const off = expect(driver.awaitConsole(vm, /never said/, AbortSignal.timeout(30_000))).rejects.toThrow('stopped');
    const second = pid();
    process.kill(second, 'SIGKILL');
    await driver.stop(vm);
    await off;
    expect(lives(qemu)).toBe(false);
    expect(pid()).not.toBe(second);
    await stop();
    await expect(driver.list()).rejects.toMatchObject({ fault: { kind: 'internal' } });
    expect(existsSync(join(state, 'libvirtd.pid'))).toBe(false);
  });

  it('is replaced by the next start when it hangs, and its guest runs on', { timeout: 60_000 }, async ({
    lab: { open, pid, guest, running },
  }) => {
    const { uri } = await open();
    const { vm, qemu } = await guest(uri);
    const hung = pid();
    process.kill(hung, 'SIGSTOP');
    const begun = Date.now();
    const said: string[] = [];
    const warn = (detail: unknown): number => said.push(JSON.stringify(detail));
    const { stop } = await open({ log: { info: () => undefined, warn } });
    expect(Date.now() - begun).toBeGreaterThan(HASTE_S * 1_000);
    expect(Date.now() - begun).toBeLessThan(30_000);
    expect(said).toEqual([expect.stringContaining(`libvirtd ${hung} did not answer within ${HASTE_S} s`)]);
    expect([lives(hung), lives(qemu), await running(uri)]).toEqual([false, true, vm]);
    await stop();
  });

  it('is replaced while it is used when it hangs', { timeout: 120_000 }, async ({ lab: { dir, open, pid, guest } }) => {
    const { uri, reaching, stop } = await open({ patienceS: 6 });
    const { vm, qemu } = await guest(uri);
    const driver = libvirt({ uri, dir: join(dir, 'node'), run: reaching(run), forceAccel: 'tcg' });
    const hung = pid();
    process.kill(hung, 'SIGSTOP');
    const begun = Date.now();
    expect(await driver.list()).toEqual([{ vm, name: 'private', running: true }]);
    // Not before it had its time.
    expect(Date.now() - begun).toBeGreaterThan(6_000);
    expect(Date.now() - begun).toBeLessThan(40_000);
    expect([lives(hung), lives(qemu)]).toEqual([false, true]);
    await driver.stop(vm);
    await stop();
  });

  it('is ended by force when it hangs: its guests run on, or end with it, and nothing is left', {
    timeout: 90_000,
  }, async ({ lab: { state, open, pid, daemons, guest } }) => {
    const { uri, stop } = await open();
    const { qemu } = await guest(uri);
    process.kill(pid(), 'SIGSTOP');
    await stop();
    expect(lives(qemu)).toBe(true);
    expect(await daemons()).toMatch(/^\d+ virtlogd .*\n$/);
    await open();
    process.kill(pid(), 'SIGSTOP');
    const begun = Date.now();
    await run([script, 'end', state, `${HASTE_S}`]);
    expect(Date.now() - begun).toBeLessThan(40_000);
    expect([lives(qemu), await daemons()]).toEqual([false, '']);
  });

  it('ends guests that no libvirtd ends', { timeout: 90_000 }, async ({ lab: { state, open, daemons, guest } }) => {
    const { uri, stop } = await open();
    const { qemu } = await guest(uri);
    await stop();
    // Without a place for its configuration, none starts.
    await rm(join(state, 'etc', 'libvirtd.conf'));
    await mkdir(join(state, 'etc', 'libvirtd.conf'));
    const { stderr } = await run([script, 'end', state]);
    expect(stderr).toContain(`process ${qemu} is killed`);
    expect([lives(qemu), await daemons()]).toEqual([false, '']);
    await rm(join(state, 'etc', 'libvirtd.conf'), { recursive: true });
  });

  it('keeps the last 8 MiB of what a guest writes without an end', { timeout: 120_000 }, async ({
    lab: { dir, open, pid, daemons, guest },
  }) => {
    const { uri, stop } = await open();
    const { vm, qemu, log: file } = await guest(uri);
    const parts = (): readonly string[] => readdirSync(dirname(file)).map((name) => join(dirname(file), name));
    const pipe = consolePipe(qemu, pid('virtlogd'));
    for (const last of ['first', 'second']) {
      await writeFile(pipe, `${'on and on '.repeat(500_000)}${last}\n`);
      const kept = async () => readFileSync(file, 'latin1').includes(last) || undefined;
      await onChange(file, kept, AbortSignal.timeout(30_000));
    }
    expect(parts()).toHaveLength(4);
    const bytes = parts().reduce((sum, one) => sum + statSync(one).size, 0);
    expect(bytes).toBeGreaterThan(6 * MIB);
    expect(bytes).toBeLessThanOrEqual(8 * MIB);
    await libvirt({ uri, dir: join(dir, 'node'), run, forceAccel: 'tcg' }).stop(vm);
    await stop();
    expect(await daemons()).toBe('');
  });

  it('has its virtlogd again that was killed, as guests need it to start', { timeout: 60_000 }, async ({
    lab: { dir, open, pid, daemons, guest },
  }) => {
    const { uri, reaching, consoleLost, stop } = await open();
    const { vm, qemu } = await guest(uri);
    const logs = pid('virtlogd');
    const driver = libvirt({ uri, dir: join(dir, 'node'), run: reaching(run), forceAccel: 'tcg', consoleLost });
    const heard = (pattern: RegExp, ms = 30_000) => driver.awaitConsole(vm, pattern, AbortSignal.timeout(ms));
    const unheard = expect(heard(/never said/)).rejects.toMatchObject({ fault: { kind: 'conflict' } });
    process.kill(logs, 'SIGKILL');
    expect(await driver.list()).toEqual([{ vm, name: 'private', running: true }]);
    expect([lives(qemu), lives(logs)]).toEqual([true, false]);
    await unheard;
    await expect(heard(/never said/)).rejects.toThrow('What private writes to its console is lost');
    await driver.stop(vm);
    await driver.start(vm);
    expect(await heard(/private guest runs/)).toContain('runs');
    await expect(heard(/never said/, 1_000)).rejects.toMatchObject({ name: 'TimeoutError' });
    await driver.stop(vm);
    await stop();
    expect(await daemons()).toBe('');
  });

  it('has another virtlogd when that hangs, while it is used and by the next start', { timeout: 90_000 }, async ({
    lab: { dir, open, pid, daemons, guest },
  }) => {
    const said: string[] = [];
    const warn = (detail: unknown): number => said.push(JSON.stringify(detail));
    const { uri, reaching, stop } = await open({ log: { info: () => undefined, warn }, patienceS: 6 });
    const { vm, qemu } = await guest(uri);
    const hang = (): number => {
      const logs = pid('virtlogd');
      process.kill(logs, 'SIGSTOP');
      return logs;
    };
    const driver = libvirt({ uri, dir: join(dir, 'node'), run: reaching(run), forceAccel: 'tcg' });
    const first = hang();
    await driver.stop(vm);
    // What it was asked for by then fails with it, and is tried again by whoever wants it.
    await driver.start(vm).catch(() => driver.start(vm));
    const message = (logs: number, seconds: number) => `virtlogd ${logs} did not answer within ${seconds} s`;
    expect([said.join(), lives(first), lives(qemu)]).toEqual([
      expect.stringContaining(message(first, 6)),
      false,
      false,
    ]);
    const second = hang();
    await open();
    expect(lives(second)).toBe(false);
    await driver.stop(vm);
    await stop();
    expect(await daemons()).toBe('');
  });

  it('says which way there is when its directory is too long for a socket', async ({ lab: { dir, open } }) => {
    const long = join(dir, 'x'.repeat(100));
    await expect(open({ dir: long })).rejects.toMatchObject({ fault: { kind: 'unavailable' } });
    await expect(open({ dir: long })).rejects.toThrow(/systemctl start libvirtd.*path too long/);
  });
});
