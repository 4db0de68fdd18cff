import { readFile } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, machine, release, totalmem } from 'node:os';
import type { HostFacts } from '../../../domain/node.ts';
import { mib } from '../../../domain/units.ts';

const MIB = 1024 * 1024;

/** What this host is, apart from its hypervisor. */
export async function hostFacts(): Promise<Pick<HostFacts, 'arch' | 'kernel' | 'os' | 'cpus' | 'memory'>> {
  return {
    arch: machine(),
    kernel: release(),
    os: await osName(),
    cpus: availableParallelism(),
    memory: mib(Math.floor(totalmem() / MIB)),
  };
}

/** 1-minute load average, and memory in MiB; free is what programs can still get. */
export function hostUsage(): { readonly load: number; readonly memoryUsed: number; readonly memoryFree: number } {
  const free = Math.floor(freemem() / MIB);
  return { load: loadavg()[0] ?? 0, memoryUsed: Math.floor(totalmem() / MIB) - free, memoryFree: free };
}

async function osName(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => ''); // Not every host has one.
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? process.platform;
}
