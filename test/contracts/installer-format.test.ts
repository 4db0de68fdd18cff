import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OpenDisk } from '../../activities/drivers/installer/driver.ts';
import { DomainError } from '../../domain/fault.ts';
import { type Lab, missing, namespacesOf, openLab, processesIn, soon } from './installer-lab.ts';

const exec = promisify(execFile);
const reason = missing();
const signal = new AbortController().signal;

describe.skipIf(reason)(`formatting${reason ? ` (skipped: ${reason})` : ''}`, async () => {
  const able = reason
    ? []
    : await openLab().then(async (lab) => {
        const found = await lab.installer.filesystems();
        await lab.close();
        return found;
      });
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    expect(await lab.remains()).toEqual([]);
    await lab.close();
  });

  const probe = async ({ source }: OpenDisk): Promise<Readonly<Record<string, string>>> => {
    if (source.type !== 'file' || source.format !== 'raw') throw new Error('bug: no raw file');
    const { stdout } = await exec('blkid', ['--probe', '--output', 'export', source.path]);
    return Object.fromEntries(stdout.split('\n').map((line) => line.split('=') as [string, string]));
  };

  it('knows what this host can make', () => {
    expect(able).toEqual([...able].sort());
    for (const always of ['ext2', 'ext4', 'swap']) expect(able).toContain(always);
  });

  it.each([
    ['ext2', 64, ['-L=data'], { TYPE: 'ext2', LABEL: 'data' }],
    ['ext4', 64, ['-L=root', '-m=1', '-O=^has_journal'], { TYPE: 'ext4', LABEL: 'root' }],
    ['ext4', 64, ['-b', '1024'], { TYPE: 'ext4', BLOCK_SIZE: '1024' }],
    ['xfs', 512, ['-L=root'], { TYPE: 'xfs', LABEL: 'root' }],
    ['btrfs', 512, ['--label=root'], { TYPE: 'btrfs', LABEL: 'root' }],
    ['vfat', 64, ['-n=EFI'], { TYPE: 'vfat', LABEL: 'EFI' }],
    ['swap', 64, ['-L=swap'], { TYPE: 'swap', LABEL: 'swap' }],
  ] as const)('makes %s on %i MiB with %j', async (filesystem, sizeMiB, filesystemArgs, found) => {
    if (!able.includes(filesystem)) return;
    const mountpoint = filesystem === 'swap' ? null : '/';
    const disk = await lab.disk('sda', { filesystem, mountpoint, sizeMiB, filesystemArgs });
    const first = await probe(disk);
    expect(first).toMatchObject(found);
    // Again, over what is there: that is what a repeated attempt does.
    await lab.installer.format(disk, signal);
    expect(await probe(disk)).toMatchObject(found);
  });

  it('overwrites another filesystem that a half-finished run left', async () => {
    const disk = await lab.disk('sda', { filesystem: 'xfs', sizeMiB: 512 });
    await lab.installer.format({ ...disk, filesystem: 'ext4' }, signal);
    expect(await probe(disk)).toMatchObject({ TYPE: 'ext4' });
  });

  it('leaves a disk without filesystem alone', async () => {
    const disk = await lab.disk('sda', { filesystem: null, mountpoint: null });
    await expect(probe(disk)).rejects.toThrow();
  });

  const refused = async (options: { filesystem: string; filesystemArgs?: readonly string[] }): Promise<string> => {
    const error = await lab.disk('sda', options).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DomainError);
    expect((error as DomainError).fault).toMatchObject({ kind: 'invalid' });
    return (error as DomainError).message;
  };

  it("tells mkfs's reason", async () => {
    expect(await refused({ filesystem: 'ext4', filesystemArgs: ['--bogus'] })).toMatch(
      /disk sda: mkfs refused: mkfs.ext4: invalid option/,
    );
  });

  it.each(['mkfs.ext4', 'bwrap'])('takes it for no refusal when %s is killed', async (program) => {
    const blank = await lab.disk('sda', { filesystem: null, mountpoint: null, sizeMiB: 2048 });
    // Looks for bad blocks by writing, and takes its time for that.
    const disk = { ...blank, filesystem: 'ext4', filesystemArgs: ['-c', '-c'] };
    const failed = lab.installer.format(disk, signal).catch((error: unknown) => error);
    const running = (): readonly string[] => processesIn(namespacesOf(lab.dir));
    await soon(() => (running().some((line) => /^\d+ (\S*\/)?mkfs/.test(line)) ? [] : ['it has not begun']));
    const [pid] = running().flatMap((line) => new RegExp(`^(\\d+) (?:\\S*/)?${program} `).exec(line)?.[1] ?? []);
    process.kill(Number(pid), 'SIGKILL');
    expect(await failed).toMatchObject({ fault: { kind: 'internal', why: expect.stringContaining('by SIGKILL') } });
  });

  it('makes no program of a filesystem', async () => {
    expect(await refused({ filesystem: 'ext4/../../sh' })).toMatch(/is no filesystem/);
  });

  it("does not let mkfs's options read the host's files", async () => {
    expect(await refused({ filesystem: 'ext4', filesystemArgs: [`-d=${lab.dir}`] })).toMatch(/mkfs refused/);
  });

  it("does not let mkfs's options write the host's files", async () => {
    const undo = join(lab.dir, 'undo');
    await lab.disk('sda', { filesystemArgs: [`-z=${undo}`] }).catch(() => undefined);
    await lab.disk('sda', { filesystemArgs: ['-z=/etc/slipway-undo'] }).catch(() => undefined);
    expect([undo, '/etc/slipway-undo'].filter(existsSync)).toEqual([]);
  });
});
