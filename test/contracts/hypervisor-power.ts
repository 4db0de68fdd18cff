import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { VmId } from '../../domain/ids.ts';
import { type HypervisorLab, NEVER, signal } from './hypervisor-lab.ts';

/** Starting, stopping and dying. */
export function powerCases(lab: HypervisorLab): void {
  const { define, seen } = lab;
  it('starts twice, shows the console, and stops twice', async () => {
    const { vm } = await define();
    await lab.driver.start(vm);
    await lab.driver.start(vm);
    expect((await seen(vm))?.running).toBe(true);
    expect(await lab.driver.awaitConsole(vm, lab.world.boots, signal())).toMatch(lab.world.boots);
    expect(await readFile(lab.driver.consolePath(vm), 'utf8')).toMatch(lab.world.boots);
    await lab.driver.stop(vm);
    await lab.driver.stop(vm);
    expect((await seen(vm))?.running).toBe(false);
  });

  it('presses the power button and tells whether the guest went off', async () => {
    const { vm } = await define();
    expect(await lab.driver.shutdown(vm, 1_000, signal())).toBe(true);
    await lab.driver.start(vm);
    await lab.driver.awaitConsole(vm, lab.world.boots, signal());
    expect(await lab.driver.shutdown(vm, lab.world.heedsAcpi ? 30_000 : 1_000, signal())).toBe(lab.world.heedsAcpi);
    expect((await seen(vm))?.running).toBe(!lab.world.heedsAcpi);
  });

  it('sees at once that a domain is off while it waits for a shutdown', async () => {
    const { vm } = await define();
    await lab.driver.start(vm);
    const began = Date.now();
    const off = lab.driver.shutdown(vm, 60_000, signal());
    await lab.driver.stop(vm);
    expect(await off).toBe(true);
    expect(Date.now() - began).toBeLessThan(9_000);
  });

  it('gives a shutdown up with its reason when it is aborted, and its grace an end', async () => {
    const { vm } = await define();
    await lab.driver.start(vm);
    await lab.driver.awaitConsole(vm, lab.world.boots, signal());
    const reason = new Error('cancelled');
    const aborted = AbortSignal.abort(reason);
    await expect(lab.driver.shutdown(vm, 60_000, aborted)).rejects.toBe(reason);
    expect((await seen(vm))?.running).toBe(true);
    if (lab.world.heedsAcpi) return;
    const abort = new AbortController();
    const waiting = expect(lab.driver.shutdown(vm, 60_000, abort.signal)).rejects.toBe(reason);
    abort.abort(reason);
    await waiting;
    expect(await lab.driver.shutdown(vm, 0, signal())).toBe(false);
    expect((await seen(vm))?.running).toBe(true);
  });

  it('notices a guest that dies while it is waited for, and starts it again', async () => {
    const { vm } = await define();
    await lab.driver.start(vm);
    await lab.driver.awaitConsole(vm, lab.world.boots, signal());
    const console = expect(lab.driver.awaitConsole(vm, NEVER, signal())).rejects.toMatchObject({
      fault: { kind: 'unavailable' },
    });
    const off = lab.world.heedsAcpi ? Promise.resolve(true) : lab.driver.shutdown(vm, 60_000, signal());
    await lab.world.crash(vm);
    await console;
    expect(await off).toBe(true);
    expect((await seen(vm))?.running).toBe(false);
    await lab.driver.start(vm);
    expect((await seen(vm))?.running).toBe(true);
  });

  it('starts and stops many at once', async () => {
    const specs = await Promise.all([define(), define(), define()]);
    await Promise.all(specs.map(({ vm }) => lab.driver.start(vm)));
    await Promise.all(specs.map(({ vm }) => lab.driver.awaitConsole(vm, lab.world.boots, signal())));
    await Promise.all(specs.map(({ vm }) => lab.driver.undefine(vm)));
    for (const { vm } of specs) expect(await seen(vm)).toBeUndefined();
  });

  it('does not start what is not defined', async () => {
    await expect(lab.driver.start(randomUUID() as VmId)).rejects.toMatchObject({ fault: { kind: 'not-found' } });
  });
}
