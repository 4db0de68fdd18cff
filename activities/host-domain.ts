import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { conflict, DomainError } from '../domain/fault.ts';
import type { VmId } from '../domain/ids.ts';
import { bridgeOf } from '../domain/network.ts';
import type { AttachDisk, ChangeSnapshot, CreateVm } from '../domain/plan.ts';
import { currentAttempt } from './attempt.ts';
import { bootDir, readBoot } from './boot.ts';
import { lastLines } from './console-tail.ts';
import type { HostDeps } from './host-deps.ts';

/** cloud-init's last line on the console, whatever it was told to do. */
const CLOUD_INIT_FINISHED = /Cloud-init v\. .* finished at /;

/** Before the engine's own deadline, which would say no more than that it has passed. */
const MARGIN_MS = 2_000;

/** Where a VM's NoCloud seed is kept on its node. */
export const seedPath = (nodeDir: string, vm: VmId): string => join(nodeDir, 'seeds', `${vm}.iso`);

type Moment = Pick<ChangeSnapshot, 'vm' | 'snapshot'>;

export function domainActivities(deps: HostDeps) {
  const { hypervisor, dir } = deps;
  return {
    writeSeed: async (vm: VmId): Promise<void> => {
      const path = seedPath(dir, vm);
      await mkdir(dirname(path), { recursive: true });
      await deps.writeSeed(path, await deps.controlPlane.seedInput(vm));
    },

    removeSeed: (vm: VmId): Promise<void> => rm(seedPath(dir, vm), { force: true }),

    /** Succeeds if the domain is defined as asked; returns its XML. */
    defineDomain: (cmd: CreateVm): Promise<string> => defineDomain(deps, cmd),

    undefineDomain: (vm: VmId): Promise<void> => hypervisor.undefine(vm),

    startDomain: async (vm: VmId): Promise<void> => {
      await hypervisor.start(vm);
      deps.started(vm);
    },

    stopDomain: (vm: VmId): Promise<void> => hypervisor.stop(vm),

    /** False if the guest still runs after its grace. */
    shutdownDomain: ({ vm, graceMs }: { readonly vm: VmId; readonly graceMs: number }): Promise<boolean> =>
      hypervisor.shutdown(vm, graceMs, currentAttempt().signal),

    /** Succeeds if this moment of the guest is kept; 'conflict' naming the disk that cannot keep it. */
    ensureSnapshot: ({ vm, snapshot }: Moment): Promise<void> => hypervisor.snapshots.ensure(vm, snapshot),

    removeSnapshot: ({ vm, snapshot }: Moment): Promise<void> => hypervisor.snapshots.remove(vm, snapshot),

    /** The guest runs on from that moment, with the disks that it had then. */
    revertDomain: async ({ vm, snapshot }: Moment): Promise<void> => {
      await hypervisor.snapshots.revert(vm, snapshot);
      deps.started(vm);
    },

    /** Succeeds if the VM's domain has the disk; returns its XML. */
    attachDisk: async ({ vm, disk }: Pick<AttachDisk, 'vm' | 'disk'>): Promise<string> =>
      hypervisor.attachDisk(vm, {
        diskId: disk.diskId,
        source: await (await deps.storage(disk.pool)).locate(disk.volume),
      }),

    /** Null where there is no domain that could have it. */
    detachDisk: ({ vm, disk }: Pick<AttachDisk, 'vm' | 'disk'>): Promise<string | null> =>
      hypervisor.detachDisk(vm, disk.diskId),

    /**
     * Resolves when cloud-init has finished in the guest; 'conflict' if the guest went off before, or time is up: then the task's log
     * gets the last lines of its console, which goes with the VM.
     */
    awaitGuest: (guest: AwaitedGuest): Promise<void> => awaitGuest(deps, guest),
  };
}

async function defineDomain({ hypervisor, storage, dir }: HostDeps, cmd: CreateVm): Promise<string> {
  const disks = await Promise.all(
    cmd.disks.map(async ({ diskId, pool, volume }) => ({ diskId, source: await (await storage(pool)).locate(volume) })),
  );
  return hypervisor.define({
    vm: cmd.vm,
    name: cmd.name,
    memory: cmd.memory,
    vcpus: cmd.vcpus,
    disks,
    nics: cmd.nics.map(({ mac, vni }) => ({ mac, bridge: bridgeOf(vni) })),
    serial: cmd.serial,
    vnc: cmd.vnc,
    seed: cmd.seed === 'nocloud' ? seedPath(dir, cmd.vm) : null,
    boot: await readBoot(bootDir(dir, cmd.vm)),
  });
}

interface AwaitedGuest {
  readonly vm: VmId;
  readonly name: string;
}

async function awaitGuest({ hypervisor, controlPlane }: HostDeps, { vm, name }: AwaitedGuest): Promise<void> {
  if (!hypervisor.traits.boots) return;
  const { signal, deadline, task, step, number } = currentAttempt();
  const runs = async (): Promise<boolean> =>
    (await hypervisor.list()).some((domain) => domain.vm === vm && domain.running);
  // Off before a later attempt begins: that was with the node, and the console need not tell of it.
  const wentWithNode = number > 1 && !(await runs());
  const late = AbortSignal.timeout(Math.max(0, deadline - MARGIN_MS - Date.now()));
  const saidLast = async (): Promise<string> => {
    const lines = await lastLines(hypervisor.consolePath(vm));
    const log = lines.map((text) => ({ at: Date.now(), step, text }));
    if (task !== null) await controlPlane.appendLog(task, log);
    const last = lines.at(-1);
    return last === undefined ? 'its console shows nothing' : `its console ends with: ${last}`;
  };
  try {
    await hypervisor.awaitConsole(vm, CLOUD_INIT_FINISHED, AbortSignal.any([signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    // 'conflict': waiting again would not help.
    if (late.aborted) throw conflict(`${name} runs, but cloud-init did not finish in time; ${await saidLast()}`);
    if (!(error instanceof DomainError) || error.fault.kind !== 'unavailable') throw error;
    if (await runs()) throw error;
    const when = wentWithNode ? ', while its node was down or ended its guests,' : '';
    throw conflict(`${name} went off${when} before cloud-init had finished; ${await saidLast()}`);
  }
}
