import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { DomainError, invalid, scriptFailed } from '../../../domain/fault.ts';
import type { Run } from '../run.ts';
import type { Installer, InstallJob, InstallResult, OpenDisk } from './driver.ts';
import { isolated } from './isolate.ts';
import { scriptArguments } from './kwargs.ts';
import { mkfsCommand } from './mkfs.ts';
import { output, QUOTED_CHARACTERS } from './output.ts';

export interface LinuxInstallerOptions {
  readonly run: Run;
  /** Image files that scripts may read, at /images; need not exist. */
  readonly imagesDir: string;
  /** Directory of install.py and format.py. */
  readonly scriptsDir?: string;
}

/** What install.py leaves in the job's directory. */
type Report =
  | { readonly ok: true; readonly boot: { readonly initrd: boolean; readonly cmdline: string } | null }
  | { readonly ok: false; readonly why: string };

const SCRIPTS = join(import.meta.dirname, '../../../scripts/host');
const PYTHON = '/usr/bin/python3';
/** Exit status of format.py when mkfs itself refused. */
const REFUSED = 65;
const SBIN = ['/usr/sbin', '/sbin'];

/** Formats and installs on this host, in namespaces that end with this process (scripts/host/). */
export function linux({ run, imagesDir, scriptsDir = SCRIPTS }: LinuxInstallerOptions): Installer {
  return {
    filesystems: () => filesystemsIn([...(process.env.PATH ?? '').split(delimiter), ...SBIN]),

    async format(disk, signal) {
      if (!disk.filesystem) return;
      const input = JSON.stringify({
        disk: { source: disk.source },
        argv: mkfsCommand(disk.filesystem, disk.filesystemArgs),
      });
      const done = await run(isolated(PYTHON, join(scriptsDir, 'format.py')), { input, signal, okCodes: [0, REFUSED] });
      if (done.code === REFUSED) throw invalid(`disk ${disk.diskId}`, `mkfs refused: ${reasonIn(done.stderr)}`);
    },

    async run(job, line, signal) {
      await mkdir(job.outDir, { recursive: true });
      for (const name of ['result.json', 'kernel', 'initrd']) await rm(join(job.outDir, name), { force: true });
      const { line: hear, end, quoted } = output(line);
      const input = JSON.stringify(order(job, imagesDir));
      await run(isolated(PYTHON, join(scriptsDir, 'install.py')), { input, signal, line: hear }).finally(end);
      const report = JSON.parse(await readFile(join(job.outDir, 'result.json'), 'utf8')) as Report;
      if (!report.ok) throw scriptFailed([report.why, ...quoted()].join('\n'));
      return result(job.outDir, report.boot);
    },
  };
}

/** The first line, which says what is wrong, and the last two, when a program shows its usage between them. */
function reasonIn(text: string): string {
  const [first = '', ...rest] = text.trim().split('\n');
  return [first, ...rest.slice(-2)].join(' | ').slice(0, QUOTED_CHARACTERS);
}

function result(outDir: string, boot: { readonly initrd: boolean; readonly cmdline: string } | null): InstallResult {
  if (!boot) return { boot: null };
  const initrd = boot.initrd ? join(outDir, 'initrd') : null;
  return { boot: { kernel: join(outDir, 'kernel'), initrd, cmdline: boot.cmdline } };
}

/** The job as install.py takes it. */
const order = (job: InstallJob, imagesDir: string): unknown => ({
  entry: job.entry,
  script: job.input.script,
  kwargs: scriptArguments(job),
  disks: job.disks.map(({ diskId, source, mountpoint, filesystem }: OpenDisk) => {
    if (!/^[a-z0-9]+$/i.test(diskId)) throw invalid('disk id', `'${diskId}' is no disk id.`);
    return { disk_id: diskId, source, mountpoint, filesystem };
  }),
  outDir: job.outDir,
  imagesDir,
});

async function filesystemsIn(path: readonly string[]): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const dir of new Set(path.filter((entry) => entry.startsWith('/')))) {
    for (const name of await programs(dir)) {
      if (name.startsWith('mkfs.')) found.add(name.slice('mkfs.'.length));
      if (name === 'mkswap') found.add('swap');
    }
  }
  return [...found].sort();
}

async function programs(dir: string): Promise<readonly string[]> {
  try {
    return await readdir(dir);
  } catch (cause) {
    // A directory of PATH that is not there holds no programs.
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((cause as NodeJS.ErrnoException).code ?? '')) return [];
    throw new DomainError({ kind: 'internal', why: `cannot read '${dir}'.` }, { cause });
  }
}
