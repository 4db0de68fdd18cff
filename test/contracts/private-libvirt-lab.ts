import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { libvirt } from '../../activities/drivers/hypervisor/libvirt.ts';
import { run } from '../../activities/drivers/run.ts';
import { type HostLibvirt, type LibvirtOptions, libvirtUri } from '../../cli/process/libvirt.ts';
import type { VmId } from '../../domain/ids.ts';
import { mib } from '../../domain/units.ts';
import { serialGuest } from '../activities/drivers/hypervisor/serial-guest.ts';

export const script = new URL('../../scripts/host/libvirtd.sh', import.meta.url).pathname;
const log = { info: () => undefined, warn: () => undefined };

/** What one that hangs is waited for. */
export const HASTE_S = 3;

export const lives = (process: number): boolean => existsSync(`/proc/${process}/exe`);

interface Guest {
  readonly vm: VmId;
  readonly qemu: number;
  readonly log: string;
}

/** A private libvirtd's directories, and what a test does there; process IDs are read from its files. */
interface Lab {
  readonly dir: string;
  readonly state: string;
  /** Stopped with the test at the latest: one that goes on would start its daemons again. */
  open(options?: Partial<LibvirtOptions>): Promise<HostLibvirt>;
  pid(daemon?: 'libvirtd' | 'virtlogd'): number;
  /** Lines of pgrep for those that run. */
  daemons(): Promise<string>;
  /** Returns once the guest has written what `serialGuest` says. */
  guest(uri: string, content?: Buffer): Promise<Guest>;
  /** UUIDs of the guests that libvirt says run. */
  running(uri: string): Promise<string>;
}

/** Each test has a libvirtd of its own: they wait most of their time, and may do so side by side. */
export const it = test.extend<{ lab: Lab }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures this one needs
  lab: async ({}, use) => {
    const dir = await mkdtemp(join(tmpdir(), 'slipway-lv-'));
    const state = join(dir, 'libvirt');
    const opened: HostLibvirt[] = [];
    await use(labIn(dir, state, opened));
    for (const { stop } of opened) await stop();
    await run([script, 'end', state]);
    await rm(dir, { recursive: true });
  },
});

function labIn(dir: string, state: string, opened: HostLibvirt[]): Lab {
  return {
    dir,
    state,
    open: async (options) => {
      const host = await libvirtUri({ dir: state, log, hasteS: HASTE_S, ...options });
      opened.push(host);
      return host;
    },
    pid: (daemon = 'libvirtd') => Number(readFileSync(join(state, `${daemon}.pid`), 'utf8')),
    daemons: async () =>
      (await run(['pgrep', '-a', '-f', `(libvirtd|virtlogd) .*${state}`], { okCodes: [0, 1] })).stdout,
    running: async (uri) => (await run(['virsh', '-q', '-c', uri, 'list', '--uuid'])).stdout.trim(),
    guest: async (uri, content = serialGuest('private guest runs')) => {
      const vm = randomUUID() as VmId;
      const path = join(dir, 'guest.img');
      await writeFile(path, content);
      const driver = libvirt({ uri, dir: join(dir, 'node'), run, forceAccel: 'tcg' });
      await driver.define({
        ...{ vm, name: 'private', memory: mib(64), vcpus: 1 },
        disks: [{ diskId: 'sda', source: { type: 'file', path, format: 'raw' } }],
        nics: [],
        serial: true,
        ...{ vnc: null, seed: null, boot: null },
      });
      await driver.start(vm);
      await driver.awaitConsole(vm, /private guest runs/, AbortSignal.timeout(60_000));
      const qemu = Number(readFileSync(join(state, 'run', 'qemu', 'private.pid'), 'utf8'));
      return { vm, qemu, log: driver.consolePath(vm) };
    },
  };
}
