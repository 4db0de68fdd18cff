import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Installer, InstallResult, OpenDisk } from '../../activities/drivers/installer/driver.ts';
import { linux } from '../../activities/drivers/installer/linux.ts';
import { run } from '../../activities/drivers/run.ts';
import type { StorageDriver } from '../../activities/drivers/storage/driver.ts';
import { local } from '../../activities/drivers/storage/local.ts';
import type { Vni, VolumeId } from '../../domain/ids.ts';
import { mib } from '../../domain/units.ts';

const exec = promisify(execFile);
const NEEDED = [
  'bwrap',
  'slirp4netns',
  'qemu-storage-daemon',
  'qemu-img',
  'mkfs.ext4',
  'mkfs.xfs',
  'debugfs',
  'losetup',
];

/** Why these tests cannot run here; undefined if they can. */
export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const path = (process.env.PATH ?? '').split(':').concat('/usr/sbin', '/sbin');
  const absent = NEEDED.find((program) => !path.some((dir) => existsSync(join(dir, program))));
  return absent && `no ${absent}`;
}

export interface DiskOptions {
  readonly filesystem?: string | null;
  readonly mountpoint?: string | null;
  readonly filesystemArgs?: readonly string[];
  /** A clone of this disk, and so a qcow2 file; else a new raw one. */
  readonly cloneOf?: string;
  readonly sizeMiB?: number;
}

export interface Called {
  readonly lines: readonly string[];
  readonly result: InstallResult;
}

/** Volumes, an installer and a scripts directory of its own, by whose path its processes are known. */
export interface Lab {
  readonly dir: string;
  readonly images: string;
  readonly installer: Installer;
  readonly pool: StorageDriver;
  /** A disk, formatted unless it is a clone. */
  disk(diskId: string, options?: DiskOptions): Promise<OpenDisk>;
  /** Runs a function of the script to its end; the lines so far are in `lines` also if it fails. */
  call(script: string, disks: readonly OpenDisk[], options?: CallOptions): Promise<Called>;
  /** Text of a file on a disk; undefined without. */
  text(disk: OpenDisk, path: string): Promise<string | undefined>;
  /** What of this lab still runs or is attached: processes of its namespaces, loop devices, mounts. */
  remains(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly entry?: 'install' | 'build';
  readonly args?: Readonly<Record<string, string>>;
  readonly vmName?: string;
  readonly signal?: AbortSignal;
  readonly line?: (text: string) => void;
}

const FORMATTED = { filesystem: 'ext4', mountpoint: '/', filesystemArgs: [], sizeMiB: 64 } as const;

export async function openLab(): Promise<Lab> {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-installer-'));
  const images = join(dir, 'images');
  const scriptsDir = join(dir, 'host');
  await mkdir(images);
  await cp(new URL('../../scripts/host', import.meta.url).pathname, scriptsDir, { recursive: true });
  const pool = local({ path: join(dir, 'pool'), run });
  const installer = linux({ run, imagesDir: images, scriptsDir });
  const open = async (disk: Omit<OpenDisk, 'source'>): Promise<OpenDisk> => ({
    ...disk,
    source: await pool.locate(disk.volume),
  });

  return {
    dir,
    images,
    installer,
    pool,
    disk: async (diskId, options = {}) => {
      const { filesystem, mountpoint, filesystemArgs, sizeMiB } = { ...FORMATTED, ...options };
      const volume = `web1_${diskId}-${crypto.randomUUID().slice(0, 8)}` as VolumeId;
      const size = mib(sizeMiB);
      const source = options.cloneOf as VolumeId | undefined;
      await (source ? pool.clone(source, volume, size) : pool.ensure(volume, size));
      const disk = await open({
        ...{ volume, name: `web1_${diskId}`, pool: 'vms', diskId, size, filesystem, filesystemArgs, mountpoint },
        fill: source ? { kind: 'clone', source } : { kind: 'blank' },
      });
      if (!source) await installer.format(disk, new AbortController().signal);
      return disk;
    },
    call: async (script, disks, { entry = 'install', args = {}, vmName = 'web1', signal, line } = {}) => {
      const lines: string[] = [];
      const input = {
        ...{ script, vmName: entry === 'install' ? vmName : null, vmId: 1, args },
        ...{ disks, vnis: [100 as Vni] },
      };
      const result = await installer.run(
        { entry, input, disks, outDir: join(dir, 'out') },
        (text) => {
          lines.push(text);
          line?.(text);
        },
        signal ?? new AbortController().signal,
      );
      return { lines, result };
    },
    text: async (disk, path) => {
      const raw = join(dir, `${disk.volume}.copy`);
      if (disk.source.type !== 'file') throw new Error('bug: no file');
      await exec('qemu-img', ['convert', '-f', disk.source.format, '-O', 'raw', disk.source.path, raw]);
      await rm(`${raw}.text`, { force: true });
      await exec('debugfs', ['-R', `dump ${path} ${raw}.text`, raw]);
      return readFile(`${raw}.text`, 'utf8').catch(() => undefined);
    },
    remains: () => remains(dir),
    close: () => rm(dir, { recursive: true }),
  };
}

/** PID namespaces, other than ours, of the processes that name this directory and of all that they started. */
export function namespacesOf(dir: string): ReadonlySet<string> {
  const all = processes();
  const family = new Set(all.filter(({ command }) => command.includes(dir)).map(({ pid }) => pid));
  for (let before = -1; before < family.size; ) {
    before = family.size;
    for (const { pid } of all) if (family.has(parentOf(pid))) family.add(pid);
  }
  const namespaces = new Set([...family].map(pidNamespace));
  namespaces.delete(pidNamespace('self'));
  namespaces.delete(GONE);
  return namespaces;
}

const GONE = 'gone';

function parentOf(pid: string): string {
  try {
    return /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? GONE;
  } catch {
    return GONE;
  }
}

async function remains(dir: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { pid, command } of processes()) if (command.includes(dir)) found.push(`process ${pid}: ${command}`);
  const loops = (await exec('losetup', ['--list', '--noheadings', '--output', 'NAME,BACK-FILE'])).stdout;
  found.push(...loops.split('\n').filter((line) => line.includes(dir)));
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  found.push(...mounts.split('\n').filter((line) => line.includes(dir) || line.includes(' /run/slipway')));
  return found;
}

/** Every process whose PID namespace is one of these. */
export const processesIn = (namespaces: ReadonlySet<string>): readonly string[] =>
  processes().flatMap(({ pid, command }) => (namespaces.has(pidNamespace(pid)) ? [`${pid} ${command}`] : []));

/** Name of the control group that the run in these namespaces is in. */
export function groupIn(namespaces: ReadonlySet<string>): string {
  const names = processesIn(namespaces).map((process) => {
    const groups = readFileSync(`/proc/${process.split(' ')[0]}/cgroup`, 'utf8');
    return /\/slipway-scripts\/(\w+)$/m.exec(groups)?.[1];
  });
  const [name, ...others] = new Set(names.filter((found) => found !== undefined));
  if (!name || others.length > 0) throw new Error(`the run is not in one group of its own: ${names.join()}`);
  return name;
}

/** Where control groups of that name are, in either version's hierarchies. */
export const groupsNamed = (name: string): readonly string[] =>
  ['', '/pids', '/memory']
    .map((at) => `/sys/fs/cgroup${at}/slipway-scripts/${name}`)
    .filter((path) => existsSync(path));

/** Those that have not ended; a zombie has. */
export function processes(): readonly { readonly pid: string; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return command === '' ? [] : [{ pid, command }];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

function pidNamespace(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return GONE;
  }
}

/** Resolves when `holds` does, or rejects with what it last gave after a while: the kernel ends namespaces a moment after their first process. */
export async function soon(holds: () => Promise<readonly string[]> | readonly string[]): Promise<void> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const left = await holds();
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`still there: ${left.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
