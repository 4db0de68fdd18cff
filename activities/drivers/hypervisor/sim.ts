import { setTimeout as pass } from 'node:timers/promises';
import { conflict, notFound, unavailable } from '../../../domain/fault.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { HostFacts } from '../../../domain/node.ts';
import { mib } from '../../../domain/units.ts';
import { awaitLine, findLine, onChange } from './console.ts';
import { domainXml } from './domain-xml.ts';
import type { HypervisorDriver } from './driver.ts';
import { simDisks } from './sim-disks.ts';
import { bootBegins, type SimDomains, simDomains } from './sim-domains.ts';
import { simSnapshots } from './sim-snapshots.ts';

export interface SimHypervisorSettings {
  readonly dir: string;
  /** How long every effect takes. */
  readonly stepMs?: number;
  readonly cpus?: number;
  readonly memoryMiB?: number;
  readonly filesystems?: () => Promise<readonly string[]>;
}

const FILESYSTEMS = ['btrfs', 'ext2', 'ext3', 'ext4', 'swap', 'vfat', 'xfs'] as const;

/** A hypervisor of files: domains start, boot and stop, and no guest runs. */
export function sim(settings: SimHypervisorSettings): HypervisorDriver {
  const { dir, stepMs = 0, cpus = 64, memoryMiB = 262_144 } = settings;
  const effect = (signal?: AbortSignal): Promise<void> => pass(stepMs, undefined, signal ? { signal } : {});

  const world = simDomains(dir, stepMs);
  const { domains, alone, drop, change, write, settleBoot, list, consolePath } = world;
  const facts = async (): Promise<HostFacts> => ({
    arch: 'x86_64',
    kernel: 'simulated',
    os: 'simulated',
    cpus,
    memory: mib(memoryMiB),
    accel: 'sim',
    emulator: '/usr/bin/qemu-system-x86_64',
    filesystems: (await settings.filesystems?.()) ?? FILESYSTEMS,
  });
  const stop = async (vm: VmId): Promise<void> => {
    if (!(await domains.find(vm))?.running) return;
    await effect();
    await change(vm, { running: false, bootsAt: null });
  };

  return {
    traits: { liveMigration: true, boots: true, connects: false },
    facts,
    usage: async () => {
      const used = (await domains.all()).reduce((sum, { running, memoryMiB }) => sum + (running ? memoryMiB : 0), 0);
      return { load: 0, memoryUsed: used, memoryFree: memoryMiB - used };
    },
    define: async (spec) => {
      const xml = domainXml(spec, await facts(), consolePath(spec.vm));
      const namesake = (await list()).find(({ vm, name }) => vm !== spec.vm && name === spec.name);
      if (namesake) throw conflict(`There is the domain '${spec.name}' with the id ${namesake.vm} already.`);
      await effect();
      const { vm, name, memory } = spec;
      await alone(vm, async () => {
        const { running = false, bootsAt = null, snapshots = {} } = (await domains.find(vm)) ?? {};
        await domains.put(vm, { vm, name, memoryMiB: memory, xml, spec, running, bootsAt, snapshots });
      });
      return xml;
    },
    undefine: async (vm) => {
      if (await domains.find(vm)) await effect();
      await drop(vm);
    },
    start: async (vm) => {
      const now = await domains.find(vm);
      if (!now) throw notFound('domain', vm);
      if (now.running) return;
      await effect();
      await write(vm, bootBegins(now.name));
      await change(vm, { running: true, bootsAt: Date.now() + stepMs });
      if (stepMs === 0) await settleBoot(vm);
    },
    stop,
    shutdown: async (vm, graceMs, signal) => {
      signal.throwIfAborted();
      if (!(await domains.find(vm))?.running) return true;
      await pass(Math.min(stepMs, graceMs), undefined, { signal });
      if (stepMs > graceMs) return false;
      await write(vm, '[  OK  ] Reached target poweroff.target - System Power Off.\r\n');
      await change(vm, { running: false, bootsAt: null });
      return true;
    },
    list,
    ...simDisks(world, async (spec) => domainXml(spec, await facts(), consolePath(spec.vm)), effect),
    snapshots: simSnapshots(world, effect),
    consolePath,
    awaitConsole: (vm, pattern, signal) => awaitConsole(world, vm, pattern, signal),
  };
}

async function awaitConsole(world: SimDomains, vm: VmId, pattern: RegExp, signal: AbortSignal): Promise<string> {
  const { domains, stateFile, consolePath, settleBoot, status } = world;
  const now = await domains.find(vm);
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const boots = async (): Promise<string> => {
    if (now?.running && now.bootsAt !== null) await passUntil(now.bootsAt, either);
    await settleBoot(vm);
    return awaitLine(consolePath(vm), pattern, either);
  };
  const off = async (): Promise<string> => {
    await onChange(stateFile(vm), async () => ((await status(vm))?.running ? undefined : true), either);
    const line = await findLine(consolePath(vm), pattern);
    if (line !== undefined) return line;
    throw unavailable(`The domain ${vm} stopped before its console showed what was waited for.`);
  };
  try {
    return await Promise.race([awaitLine(consolePath(vm), pattern, either), boots(), off()]);
  } finally {
    over.abort();
  }
}

// The timer may fire a millisecond early, before the moment that it was set for.
const passUntil = (at: number, signal: AbortSignal): Promise<void> =>
  pass(Math.max(0, at - Date.now()) + 1, undefined, { signal });
