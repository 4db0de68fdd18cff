/** PVC's `vm_id`: the digits a name ends with, 0 without. */
export function vmIdOf(name: string): number {
  const digits = /(\d{1,15})$/.exec(name)?.[1];
  return digits === undefined ? 0 : Number(digits);
}

/** What people call a VM's disk. */
export const volumeName = (vm: string, diskId: string): string => `${vm}_${diskId}`;

/** Names of templates, scripts, profiles: the manual's own examples have '+' in them. */
export const PART_NAME = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,127}$/;

/** SCSI and virtio names of a guest's disks: sda to sdiv, vda to vdiv, as many as one controller takes. */
export const DISK_ID = /^(sd|vd)([a-z]|[a-h][a-z]|i[a-v])$/;

/** Words of Python that no argument of a script may be called: they are given by the platform. */
export const RESERVED_ARGUMENTS: readonly string[] = ['vm_name', 'vm_id', 'temporary_directory', 'disks', 'networks'];
