import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OpenDisk } from '../../activities/drivers/installer/driver.ts';
import { removeGroups } from '../../activities/drivers/installer/groups.ts';
import type { Vni } from '../../domain/ids.ts';
import {
  groupIn,
  groupsNamed,
  type Lab,
  missing,
  namespacesOf,
  openLab,
  processes,
  processesIn,
  soon,
} from './installer-lab.ts';

const reason = missing();

// Writes, starts a process beside it, and goes on for ever.
const BUSY = `
import subprocess, time
def install(temporary_directory, **_):
  subprocess.Popen(["sleep", "600"], start_new_session=True)
  with open(f"{temporary_directory}/half", "w") as file:
    file.write("half")
  print("busy", flush=True)
  while True: time.sleep(1)
`;
// Never without something to be written back.
const WRITING = `
import os
def install(temporary_directory, **_):
  print("busy", flush=True)
  for n in range(1 << 30):
    for disk in ("", "/var"):
      with open(f"{temporary_directory}{disk}/{n % 7}", "wb") as file: file.write(os.urandom(1 << 20))
`;
const WHOLE = 'def install(temporary_directory, **_):\n  open(f"{temporary_directory}/whole", "w").write("whole")';

describe.skipIf(reason)(`an installer that is killed${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let lab: Lab;
  let base: OpenDisk;
  let disks: readonly OpenDisk[];
  beforeEach(async () => {
    lab = await openLab();
    base = await lab.disk('sda');
    // A raw disk is mounted by a loop device, a qcow2 one by qemu-storage-daemon and a loop device.
    disks = [await lab.disk('sda', { cloneOf: base.volume }), await lab.disk('sdb', { mountpoint: '/var' })];
  });
  afterEach(() => lab.close());

  /** The namespaces that the run is in, told when the script has said that it is busy. */
  const whenBusy = async (begin: (busy: () => void) => void): Promise<ReadonlySet<string>> => {
    await new Promise<void>((resolve) => begin(resolve));
    expect((await lab.remains()).length).toBeGreaterThan(2);
    return namespacesOf(lab.dir);
  };
  const nothingRemains = async (namespaces: ReadonlySet<string>): Promise<void> => {
    // That of install.py and, inside it, that of the sandbox.
    expect(namespaces.size).toBe(2);
    await soon(() => processesIn(namespaces));
    await soon(() => lab.remains());
  };
  const runsAgain = async (): Promise<void> => {
    for (const disk of disks)
      if (disk.fill.kind === 'blank') await lab.installer.format(disk, new AbortController().signal);
    await lab.call(WHOLE, disks);
    expect(await lab.text(disks[0]!, '/whole')).toBe('whole');
  };

  it('leaves nothing when its process group is killed, and runs again', async () => {
    let failed: Promise<unknown> = Promise.resolve();
    const namespaces = await whenBusy((busy) => {
      failed = lab.call(BUSY, disks, { line: busy }).catch((error: unknown) => error);
    });
    const group = groupIn(namespaces);
    process.kill(-groupOf(lab.dir), 'SIGKILL');
    expect(String(await failed)).toContain('ended with SIGKILL');
    await nothingRemains(namespaces);
    await soon(() => {
      removeGroups();
      return groupsNamed(group);
    });
    await runsAgain();
  });

  it('leaves nothing when its task is cancelled', async () => {
    const cancel = new AbortController();
    let failed: Promise<unknown> = Promise.resolve();
    const namespaces = await whenBusy((busy) => {
      failed = lab.call(BUSY, disks, { line: busy, signal: cancel.signal }).catch((error: unknown) => error);
    });
    cancel.abort(new Error('cancelled by the operator'));
    expect(String(await failed)).toContain('cancelled by the operator');
    await nothingRemains(namespaces);
    await runsAgain();
  });

  it('leaves nothing when the worker itself is killed', async () => {
    const input = { script: BUSY, vmName: 'web1', vmId: 1, args: {}, disks, vnis: [100 as Vni] };
    const job = { entry: 'install', input, disks, outDir: join(lab.dir, 'out') };
    const settings = { imagesDir: lab.images, scriptsDir: join(lab.dir, 'host') };
    const order = join(lab.dir, 'order.json');
    await writeFile(order, JSON.stringify({ settings, job }));
    const victim = new URL('./installer-victim.ts', import.meta.url).pathname;
    const worker = spawn(process.execPath, [victim, order], { stdio: ['ignore', 'pipe', 'inherit'] });
    const namespaces = await whenBusy((busy) => void createInterface({ input: worker.stdout }).on('line', busy));
    const group = groupIn(namespaces);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
    await nothingRemains(namespaces);
    // Nothing of the run is left to take its groups away: the next one does.
    expect(groupsNamed(group)).not.toEqual([]);
    await runsAgain();
    expect(groupsNamed(group)).toEqual([]);
  });

  it('leaves nothing however often it is killed while it writes', async () => {
    for (let round = 0; round < 10; round += 1) {
      const busy = Promise.withResolvers<void>();
      const failed = lab.call(WRITING, disks, { line: () => busy.resolve() }).catch((error: unknown) => error);
      await busy.promise;
      process.kill(-groupOf(lab.dir), 'SIGKILL');
      await failed;
      await soon(() => lab.remains());
      for (const { volume } of disks) await lab.pool.remove(volume);
      disks = [await lab.disk('sda', { cloneOf: base.volume }), await lab.disk('sdb', { mountpoint: '/var' })];
    }
  });
});

/** Process group of the run in this directory. */
const groupOf = (dir: string): number =>
  Number(processes().find(({ command }) => command.startsWith('unshare ') && command.includes(dir))?.pid);
