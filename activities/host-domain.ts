import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { conflict, DomainError } from '../domain/fault.ts';
import type { VmId } from '../domain/ids.ts';
import { bridgeOf } from '../domain/network.ts';
import type { AttachDisk, ChangeSnapshot, CreateVm } from '../domain/plan.ts';
import { currentAttempt } from './attempt.ts';
import { bootDir, readBoot } from './boot.ts';
import { lastLines } from './console-tail.ts';
import { findLine } from './drivers/hypervisor/console.ts';
import type { HostDeps } from './host-deps.ts';

/**
 * cloud-init's last line on the console, whatever it was told to do; as far as its datasource, since a line may still be growing.
 * What may stand between is bounded, or a guest could make the search take long.
 */
const CLOUD_INIT_FINISHED = /Cloud-init v\. .{1,100} finished at .{1,100} Datasource (\w+)\W/;

/** The datasource of a guest that found none. */
const NO_DATASOURCE = 'DataSourceNone';

/** Said by a guest whose metadata service went away between telling who it is and giving its user-data. */
const USER_DATA_LOST = /Failed fetching userdata from url/;

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
     * Resolves when cloud-init has finished in the guest; 'conflict' if the guest went off before, time is up, or the user-data that it
     * has did not reach it: then the task's log gets the last lines of its console, which goes with the VM.
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
  const finished = await hypervisor
    .awaitConsole(vm, CLOUD_INIT_FINISHED, AbortSignal.any([signal, late]))
    .catch(async (error: unknown) => {
      signal.throwIfAborted();
      // 'conflict': waiting again would not help.
      if (late.aborted)
        throw conflict(
          `${name} runs, but cloud-init did not finish in time (creations.wait_minutes); ${await saidLast()}`,
        );
      if (!(error instanceof DomainError) || error.fault.kind !== 'unavailable') throw error;
      if (await runs()) throw error;
      const when = wentWithNode ? ', while its node was down or ended its guests,' : '';
      throw conflict(`${name} went off${when} before cloud-init had finished; ${await saidLast()}`);
    });
  const missed = await whyMissed(hypervisor.consolePath(vm), finished);
  // Where there is none, there was nothing to find.
  if (missed !== null && (await controlPlane.seedInput(vm)).userData !== '')
    throw conflict(`${name} runs, but without its user-data: ${missed}; ${await saidLast()}`);
}

/** Why a guest whose cloud-init has finished with this line did not get its user-data; null if it did. */
async function whyMissed(console: string, finished: string): Promise<string | null> {
  if (CLOUD_INIT_FINISHED.exec(finished)?.[1] === NO_DATASOURCE)
    return 'its cloud-init found neither a seed nor the metadata service (an address by DHCP, the API, datasource_list in the image)';
  const lost = await findLine(console, USER_DATA_LOST);
  return lost === undefined ? null : 'the metadata service (the API) went away while its cloud-init asked';
}
