/** PVC's `vm_id`: the digits a name ends with, 0 without. */
export function vmIdOf(name: string): number {
  const digits = /(\d{1,15})$/.exec(name)?.[1];
  return digits === undefined ? 0 : Number(digits);
}

/** What people call a VM's disk. */
export const volumeName = (vm: string, diskId: string): string => `${vm}_${diskId}`;

/** Characters of a name at the most. */
export const LONGEST_NAME = 128;

/** Names of templates, scripts, profiles, but for their length: the manual's own examples have '+' in them. */
export const PART_NAME = /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/;

/** Names of nodes: those of hosts. */
export const NODE_NAME = /^[a-z0-9_]([a-z0-9_.-]{0,61}[a-z0-9_])?$/i;

/** SCSI and virtio names of a guest's disks: sda to sdiv, vda to vdiv, as many as one controller takes. */
export const DISK_ID = /^(sd|vd)([a-z]|[a-h][a-z]|i[a-v])$/;

const LETTERS = 26;
/** As many as one virtio-scsi target takes comfortably. */
const DISK_IDS_LAST = 255;

/** SCSI names in their order: sda, sdb … sdz, sdaa … sdiv. A disk of such a name can be plugged into a guest that runs. */
export const SCSI_DISK_IDS: readonly string[] = Array.from({ length: DISK_IDS_LAST + 1 }, (_, unit) => {
  const letter = (n: number): string => String.fromCharCode('a'.charCodeAt(0) + n);
  return unit < LETTERS ? `sd${letter(unit)}` : `sd${letter(Math.floor(unit / LETTERS) - 1)}${letter(unit % LETTERS)}`;
});

/** Words of Python that no argument of a script may be called: they are given by the platform. */
export const RESERVED_ARGUMENTS: readonly string[] = ['vm_name', 'vm_id', 'temporary_directory', 'disks', 'networks'];
