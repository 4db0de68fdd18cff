import type { BaseKey, NodeName, SnapshotId, TaskId, VmId, Vni, VolumeId } from './ids.ts';
import type { Nic } from './network.ts';
import type { MiB } from './units.ts';
import type { VmState, WaitFor } from './vm.ts';
import type { Disk } from './volume.ts';

/**
 * Input of the workflow `vm/create`: everything decided when the request was accepted, as plain JSON.
 * Texts and values of template authors (script, arguments, user-data) are not in it: they may hold secrets, so whoever
 * needs them asks the control plane by the VM's id.
 */
export interface CreateVm {
  readonly task: TaskId;
  readonly vm: VmId;
  readonly name: string;
  readonly node: NodeName;
  readonly memory: MiB;
  readonly vcpus: number;
  readonly disks: readonly Disk[];
  readonly nics: readonly Nic[];
  readonly serial: boolean;
  readonly vnc: string | null;
  /** Whether a script's install() is to be run. */
  readonly install: boolean;
  /** Base image the formatted disks are cloned from, when the script has a build(). */
  readonly base: BaseKey | null;
  /** Where the guest finds its user-data: our metadata service, or a seed disk when its networks have none. */
  readonly seed: 'metadata' | 'nocloud' | 'none';
  readonly define: boolean;
  readonly start: boolean;
  readonly wait: WaitFor;
  readonly waitTimeoutMs: number;
}

/** Input of the workflow `image/build`. */
export interface BuildImage {
  readonly task: TaskId;
  readonly base: BaseKey;
  readonly node: NodeName;
  /** The disks that are cloned later, under their base volumes' names. */
  readonly disks: readonly Disk[];
}

/** Input of the workflow `image/collect`. The store hands the image out no more; `forgetBase` is the last step. */
export interface CollectImage {
  readonly task: TaskId;
  readonly base: BaseKey;
  readonly node: NodeName;
  /** The image's own disks, under their base volumes' names. */
  readonly disks: readonly Disk[];
}

/** Input of the workflows that change one VM: start, stop, shutdown, restart, delete. */
export interface ChangeVm {
  readonly task: TaskId;
  readonly vm: VmId;
  readonly name: string;
  readonly node: NodeName;
  readonly disks: readonly Disk[];
  readonly nics: readonly Nic[];
  /** delete only: whether the disks go too. */
  readonly deleteDisks: boolean;
  /** shutdown and restart only: after this the VM is stopped hard. */
  readonly graceMs: number;
  /** State before the action, to which a change that failed or was cancelled goes back; the first its rule begins from unless told. */
  readonly before?: Exclude<VmState, 'absent'>;
}

/** Input of the workflows that keep a moment of a VM, take it back there and forget it: snapshot, revert, remove-snapshot. */
export interface ChangeSnapshot {
  readonly task: TaskId;
  readonly vm: VmId;
  readonly name: string;
  readonly node: NodeName;
  readonly snapshot: SnapshotId;
  /** Disks that the VM was given after it was made: a revert takes them off, and they belong to it all the same. */
  readonly added: readonly Disk[];
  /** revert of a VM that is off, only: what it is to be connected by. */
  readonly nics?: readonly Nic[];
}

/** Input of the workflow `vm/attach-disk`. */
export interface AttachDisk {
  readonly task: TaskId;
  readonly vm: VmId;
  readonly name: string;
  readonly node: NodeName;
  readonly disk: Disk;
}

/** Input of the workflow `network/remove`. */
export interface RemoveNetwork {
  readonly task: TaskId;
  readonly vni: Vni;
  /** Every node that may have something of it. */
  readonly nodes: readonly NodeName[];
}

/** Input of the workflow `volume/remove`. */
export interface RemoveVolume {
  readonly task: TaskId;
  readonly node: NodeName;
  readonly pool: string;
  readonly volume: VolumeId;
}

/** Files that a guest boots from directly, when its script asks for that instead of a boot loader. */
export interface DirectBoot {
  readonly kernel: string;
  readonly initrd: string | null;
  readonly cmdline: string;
}

/** What the hypervisor driver makes a domain of. */
export interface DomainSpec {
  readonly vm: VmId;
  readonly name: string;
  readonly memory: MiB;
  readonly vcpus: number;
  readonly disks: readonly { readonly diskId: string; readonly source: import('./volume.ts').DiskSource }[];
  readonly nics: readonly { readonly mac: string; readonly bridge: string }[];
  readonly serial: boolean;
  readonly vnc: string | null;
  /** Path of a NoCloud seed image, attached as a CD-ROM. */
  readonly seed: string | null;
  readonly boot: DirectBoot | null;
}
