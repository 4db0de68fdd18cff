import type { InstallJob } from './driver.ts';

/** Where a script finds its mounted disks; the same for every run. */
export const TEMPORARY_DIRECTORY = '/target';

/** Keyword arguments of a script's function, as the PVC provisioner of the manual passes them, and `device` beside. */
export function scriptArguments(job: InstallJob): Readonly<Record<string, unknown>> {
  const { input, disks, entry } = job;
  return {
    ...input.args,
    ...(entry === 'install' ? { vm_name: input.vmName, vm_id: input.vmId } : {}),
    temporary_directory: TEMPORARY_DIRECTORY,
    disks: disks.map((disk) => ({
      pool: disk.pool,
      disk_id: disk.diskId,
      disk_size_gb: Number.isInteger(disk.size / 1024)
        ? disk.size / 1024
        : Math.round((disk.size / 1024) * 1000) / 1000,
      mountpoint: disk.mountpoint,
      filesystem: disk.filesystem,
      filesystem_args: disk.filesystemArgs.join(' '),
      device: disk.filesystem ? null : `/disks/${disk.diskId}`,
    })),
    networks: input.vnis.map((vni) => ({ vni })),
  };
}
