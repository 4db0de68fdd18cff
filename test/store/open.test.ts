import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../store/open.ts';
import { insertStoragePool, listStoragePools } from '../../store/storage-pool.ts';
import { becauseNoDisk, fullDisk, noFullDisk } from '../full-disk.ts';
import { connectionOf, scratch } from './scratch.ts';

let s: ReturnType<typeof scratch>;
const children: ChildProcess[] = [];
beforeEach(() => {
  s = scratch();
});
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  await s.close();
});

const pool = (name: string) => ({ name, driver: 'sim', config: {} }) as const;

async function writer(tag: string, commits: number): Promise<() => Promise<unknown>> {
  const child = fork(new URL('./writer.ts', import.meta.url), { stdio: 'inherit' });
  children.push(child);
  await once(child, 'message');
  return () => {
    child.send({ file: s.file, commits, tag });
    return once(child, 'exit');
  };
}

it('rolls back what was rejected, all of it', async () => {
  const store = s.open();
  const failing = store.write(async (tx) => {
    await insertStoragePool(tx, pool('a'));
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await listStoragePools(store.read)).toEqual([]);
  await store.write((tx) => insertStoragePool(tx, pool('b')));
  expect(await listStoragePools(store.read)).toMatchObject([{ name: 'b' }]);
});

it('shows nothing of a transaction before its end', async () => {
  const store = s.open();
  await store.write(async (tx) => {
    await insertStoragePool(tx, pool('a'));
    expect(await listStoragePools(store.read)).toEqual([]);
    expect(await listStoragePools(tx)).toHaveLength(1);
  });
  expect(await listStoragePools(store.read)).toHaveLength(1);
});

it('runs one transaction at a time, in the order asked', async () => {
  const store = s.open();
  const order: string[] = [];
  await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      store.write(async (tx) => {
        order.push(`begin ${name}`);
        await insertStoragePool(tx, pool(name));
        await listStoragePools(tx);
        order.push(`end ${name}`);
      }),
    ),
  );
  expect(order).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
});

it('commits what was begun before it closes', async () => {
  const store = s.open();
  const writing = store.write((tx) => insertStoragePool(tx, pool('a')));
  await store.close();
  await writing;
  expect(await listStoragePools(s.open().read)).toMatchObject([{ name: 'a' }]);
});

it('survives a power cut, and heeds foreign keys', async () => {
  const store = s.open();
  await store.write((tx) => insertStoragePool(tx, pool('a')));
  expect(connectionOf(store.read).pragma('synchronous', { simple: true })).toBe(2);
  expect(connectionOf(store.read).pragma('journal_mode', { simple: true })).toBe('wal');
  expect(connectionOf(store.read).pragma('foreign_keys', { simple: true })).toBe(1);
});

it('lets several processes make and migrate one new store at once, and loses no commit', async () => {
  const writers = await Promise.all(['a', 'b', 'c'].map((tag) => writer(tag, 20)));
  expect(await Promise.all(writers.map((begin) => begin()))).toEqual(Array(3).fill([0, null]));
  expect(await listStoragePools(s.open().read)).toHaveLength(60);
});

it('wakes whoever waits when another process commits', async () => {
  const store = s.open();
  const begin = await writer('other', 1);
  const signal = AbortSignal.timeout(10_000);
  const seen = store.changes.seen();
  const woken = store.changes.after(seen, signal);
  await begin();
  await woken;
  expect(signal.aborted).toBe(false);
  expect(await listStoragePools(store.read)).toHaveLength(1);
});

it.skipIf(noFullDisk)(`says that the disk is full${becauseNoDisk}`, () => {
  const disk = fullDisk();
  try {
    const fault = expect.objectContaining({ kind: 'unavailable', why: expect.stringContaining('full') });
    expect(() => openStore(join(disk.dir, 'slipway.db'))).toThrow(expect.objectContaining({ fault }));
  } finally {
    disk.remove();
  }
});

it('says of what is no store that it is damaged, and leaves it as it is', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'slipway-damaged-')), 'slipway.db');
  writeFileSync(file, 'x'.repeat(8_192));
  expect(() => openStore(file)).toThrow(
    `The store ${file} is damaged (file is not a database): put a backup in its place`,
  );
  expect(readFileSync(file, 'utf8')).toBe('x'.repeat(8_192));
  rmSync(dirname(file), { recursive: true });
});
