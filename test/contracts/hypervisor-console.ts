import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { type HypervisorLab, NEVER, signal } from './hypervisor-lab.ts';

/** The serial console: its log, and waiting for a line of it. */
export function consoleCases(lab: HypervisorLab): void {
  const { define } = lab;
  it('goes on in another process where one was killed after start', async () => {
    const { vm } = await define();
    await lab.driver.start(vm);
    const next = lab.world.again();
    await next.start(vm);
    expect(await next.awaitConsole(vm, lab.world.boots, signal())).toMatch(lab.world.boots);
  });

  it('appends to the console log over a stop and a start', async () => {
    const { vm } = await define();
    await lab.driver.start(vm);
    await lab.driver.awaitConsole(vm, lab.world.boots, signal());
    await lab.driver.stop(vm);
    const before = await readFile(lab.driver.consolePath(vm), 'utf8');
    await lab.driver.start(vm);
    expect((await readFile(lab.driver.consolePath(vm), 'utf8')).startsWith(before)).toBe(true);
  });

  it('ends the wait for a console whose domain stops, and one that is aborted', async () => {
    const { vm } = await define();
    await lab.driver.start(vm);
    const stopped = expect(lab.driver.awaitConsole(vm, NEVER, signal())).rejects.toMatchObject({
      fault: { kind: 'unavailable' },
    });
    await lab.driver.awaitConsole(vm, lab.world.boots, signal());
    await lab.driver.stop(vm);
    await stopped;
    await expect(lab.driver.awaitConsole(vm, NEVER, signal())).rejects.toMatchObject({
      fault: { kind: 'unavailable' },
    });
    await lab.driver.start(vm);
    const reason = new Error('cancelled');
    const abort = new AbortController();
    const aborted = expect(lab.driver.awaitConsole(vm, NEVER, abort.signal)).rejects.toBe(reason);
    abort.abort(reason);
    await aborted;
  });

  it('rejects a wait that was aborted before it began', async () => {
    const { vm } = await define();
    const reason = new Error('too late');
    await expect(lab.driver.awaitConsole(vm, NEVER, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('finds in the console what was written before it was asked, also when the guest is off', async () => {
    const { vm } = await define();
    await lab.driver.start(vm);
    await lab.driver.awaitConsole(vm, lab.world.boots, signal());
    await lab.driver.stop(vm);
    expect(await lab.driver.awaitConsole(vm, lab.world.boots, signal())).toMatch(lab.world.boots);
  });
}
