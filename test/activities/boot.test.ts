import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freshStage, keepBoot, readBoot, removeBoot, shareBoot } from '../../activities/boot.ts';

let dir: string;
let [base, vm] = ['', ''];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-boot-'));
  [base, vm] = [join(dir, 'base-x'), join(dir, 'vm')];
});
afterEach(() => rm(dir, { recursive: true }));

/** As a script's run leaves it. */
async function boots(of: string, kernel: string): Promise<void> {
  const stage = await freshStage(of);
  await writeFile(join(stage, 'kernel'), kernel);
  await writeFile(join(stage, 'initrd'), 'initrd');
  await keepBoot(stage, of, { kernel: '/kernel', initrd: '/initrd', cmdline: 'quiet' });
}

const direct = (of: string) => ({ kernel: join(of, 'kernel'), initrd: join(of, 'initrd'), cmdline: 'quiet' });
const inode = async (file: string): Promise<number> => (await stat(file)).ino;

it('shares the blocks of the base image and outlives it', async () => {
  await boots(base, 'one');
  await shareBoot(base, vm);
  expect(await inode(join(vm, 'kernel'))).toBe(await inode(join(base, 'kernel')));
  await removeBoot(base);
  expect(await readBoot(vm)).toEqual(direct(vm));
  expect(await readFile(join(vm, 'kernel'), 'utf8')).toBe('one');
});

it('repeats what half ran', async () => {
  await boots(base, 'one');
  await mkdir(vm);
  await writeFile(join(vm, 'kernel'), 'on');
  await shareBoot(base, vm);
  await shareBoot(base, vm);
  expect(await readFile(join(vm, 'kernel'), 'utf8')).toBe('one');
  expect(await readBoot(vm)).toEqual(direct(vm));
});

it('leaves the base image as it was when the script of a VM brings boot files of its own', async () => {
  await boots(base, 'one');
  await shareBoot(base, vm);
  await boots(vm, 'two');
  expect(await readFile(join(base, 'kernel'), 'utf8')).toBe('one');
  expect(await readFile(join(vm, 'kernel'), 'utf8')).toBe('two');
});

it('makes nothing of a base image whose guest has its own boot loader', async () => {
  await shareBoot(base, vm);
  expect(await readBoot(vm)).toBeNull();
  expect(await readdir(dir)).toEqual([]);
});

it('removes what a killed script was making, too', async () => {
  await boots(vm, 'one');
  await writeFile(join(await freshStage(vm), 'kernel'), 'half');
  await removeBoot(vm);
  expect(await readdir(dir)).toEqual([]);
});
