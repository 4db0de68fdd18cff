import { rm } from 'node:fs/promises';
import type { BaseKey, TaskId, VmId } from '../domain/ids.ts';
import type { BuildImage } from '../domain/plan.ts';
import type { Disk } from '../domain/volume.ts';
import { currentAttempt } from './attempt.ts';
import { baseBootDir, bootDir, freshStage, keepBoot, removeBoot, shareBoot } from './boot.ts';
import type { InstallJob } from './drivers/installer/driver.ts';
import type { HostDeps } from './host-deps.ts';
import { openDisk, remakeDisks } from './host-disk.ts';
import { logPump } from './log-pump.ts';
import { slots } from './slots.ts';

interface InstallVm {
  readonly task: TaskId;
  readonly vm: VmId;
  /** As they were made: a repeated attempt makes them anew. */
  readonly disks: readonly Disk[];
}

interface Script {
  readonly task: TaskId;
  readonly disks: readonly Disk[];
  readonly outDir: string;
  readonly job: Pick<InstallJob, 'entry' | 'input'>;
}

export function installActivities(deps: HostDeps) {
  const installing = slots(deps.concurrency);
  const inSlot = (script: Script): Promise<void> => installing(currentAttempt().signal, () => runScript(deps, script));
  return {
    /** Runs the script's install() over the VM's disks; its boot files are kept beside, in place of the base image's. */
    install: async ({ task, vm, disks }: InstallVm): Promise<void> => {
      const input = await deps.controlPlane.installInput(vm);
      await inSlot({ task, disks, outDir: bootDir(deps.dir, vm), job: { entry: 'install', input } });
    },

    /** Runs the script's build() over the disks of a base image; its boot files are kept beside. */
    build: async ({ task, base, disks }: BuildImage): Promise<void> => {
      const input = await deps.controlPlane.buildInput(base);
      await inSlot({ task, disks, outDir: baseBootDir(deps.dir, base), job: { entry: 'build', input } });
    },

    /** The VM boots from files of its own, so that the base image may go. */
    copyBootFiles: ({ vm, base }: { readonly vm: VmId; readonly base: BaseKey }): Promise<void> =>
      shareBoot(baseBootDir(deps.dir, base), bootDir(deps.dir, vm)),

    removeBootFiles: (vm: VmId): Promise<void> => removeBoot(bootDir(deps.dir, vm)),

    removeBaseFiles: (base: BaseKey): Promise<void> => removeBoot(baseBootDir(deps.dir, base)),
  };
}

async function runScript(deps: HostDeps, { task, disks, outDir, job }: Script): Promise<void> {
  const { number, signal, step, note } = currentAttempt();
  if (number > 1) await remakeDisks(deps, disks, signal);
  const open = await Promise.all(disks.map((disk) => openDisk(deps, disk)));
  const pump = logPump((lines) => deps.controlPlane.appendLog(task, lines), step, deps.warn);
  const stage = await freshStage(outDir);
  const line = (text: string): void => {
    note(text);
    pump.line(text);
  };
  try {
    const result = await deps.installer.run({ ...job, disks: open, outDir: stage }, line, signal);
    await keepBoot(stage, outDir, result.boot);
  } finally {
    await pump.drained();
    await rm(stage, { recursive: true, force: true });
  }
}
