/** Ids are branded per kind, so that a task's id cannot be handed over where a VM's is wanted. */
export type Id<Kind extends string> = string & { readonly kind: Kind };

/** UUID of a VM; libvirt's domain UUID is the same value. */
export type VmId = Id<'vm'>;
/** UUID of a task; the workflow's id is derived from it. */
export type TaskId = Id<'task'>;
/** Name of a volume inside its storage pool as the backend knows it: minted by us, never a user's text. */
export type VolumeId = Id<'volume'>;
/** 32 letters and digits, the first a letter; the hypervisor's name of the snapshot is the same. */
export type SnapshotId = Id<'snapshot'>;
export type NodeName = Id<'node'>;
/** SHA-256 in hex of a text kept in the store (a script, user-data). */
export type Sha256 = Id<'sha256'>;
/** Key of a base image: SHA-256 in hex over script, arguments, disks and architecture. */
export type BaseKey = Id<'base'>;
/** VXLAN or VLAN number of a network. */
export type Vni = number & { readonly kind: 'vni' };
/** Six lower-case octets, colon separated. */
export type Mac = Id<'mac'>;

/**
 * The backend's name of a VM's disk: readable in a listing, and unlike any other, because its last part is minted with the VM.
 * @example volumeId('web1', 'sda', 'f3a9c2e1-…') // web1_sda-f3a9c2e1
 */
export function volumeId(vmName: string, diskId: string, vm: VmId): VolumeId {
  return `${vmName}_${diskId}-${vm.slice(0, 8)}` as VolumeId;
}

/** The backend's name of a base image's disk. */
export function baseVolumeId(key: BaseKey, diskId: string): VolumeId {
  return `base-${key.slice(0, 16)}_${diskId}` as VolumeId;
}
