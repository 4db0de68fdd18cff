import type { InstallInput } from '../../../domain/control-plane.ts';
import type { Disk, DiskSource } from '../../../domain/volume.ts';

/** A disk with the way to open it. */
export interface OpenDisk extends Disk {
  readonly source: DiskSource;
}

export interface InstallJob {
  /** The function of the script that is called. */
  readonly entry: 'install' | 'build';
  readonly input: InstallInput;
  readonly disks: readonly OpenDisk[];
  /** A directory of this task on the host: where boot files are left (as `kernel`, `initrd`). */
  readonly outDir: string;
}

/** Boot files the script asked for by returning {"kernel": path, "initrd": path, "cmdline": text}; paths inside its disks. */
export interface InstallResult {
  readonly boot: { readonly kernel: string; readonly initrd: string | null; readonly cmdline: string } | null;
}

/** Makes filesystems and runs template authors' scripts, confined. Nothing it starts or mounts outlives a call. */
export interface Installer {
  /** Filesystems this host can make: those with a mkfs (and 'swap'). */
  filesystems(): Promise<readonly string[]>;
  /** Puts the filesystem on the volume, whatever a half-finished run left there: only ever given volumes of our own making. */
  format(disk: OpenDisk, signal: AbortSignal): Promise<void>;
  /** Runs the script over mounted disks; 'script' with its exception and last lines if it fails. Each output line goes to `line`. */
  run(job: InstallJob, line: (text: string) => void, signal: AbortSignal): Promise<InstallResult>;
}
