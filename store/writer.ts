import { utimesSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import { type BetterSQLite3Database as Db, drizzle } from 'drizzle-orm/better-sqlite3';
import { unavailable } from '../domain/fault.ts';

/** 'kept': survives a power cut once it is committed. 'told': survives the end of any process; of a power cut, with the next that is kept. */
export type Durability = 'kept' | 'told';

/** Writes to the store over one connection. */
export interface Writer {
  write<T>(work: (tx: Db) => Promise<T>, durability?: Durability): Promise<T>;
  /** Resolves when what was asked for is committed. */
  drained(): Promise<void>;
}

interface Asked {
  readonly durability: Durability;
  /** Does its work in the open transaction; a failure takes back its own part. Returns what settles it once the transaction has ended. */
  readonly run: () => Promise<(lost: unknown) => void>;
  readonly refuse: (error: unknown) => void;
}

/** How long another process's transaction may keep the store busy. */
export const BUSY_MS = 10_000;
/** How much of that SQLite waits by itself, at a time: meanwhile nothing else is done, and nobody is answered. */
const BLOCKED_MS = 20;
/** Between two such waits. SQLite has no event that says when it is free. */
const PAUSE_MS = 5;

/** Works in one transaction: few enough that none of them waits long for the others. */
const AT_ONCE = 64;

/**
 * What is asked for while the event loop turns once is committed together: the disk is waited for once. Each part is
 * atomic by itself: in order, one at a time, and taken back alone if it fails.
 */
export function groupingWriter(connection: BetterSqlite3.Database, wal: string): Writer {
  const tx = drizzle(connection);
  connection.pragma(`busy_timeout = ${BLOCKED_MS}`);
  const statement = (text: string) => connection.prepare(text);
  const [begin, commit, rollback] = [statement('BEGIN IMMEDIATE'), statement('COMMIT'), statement('ROLLBACK')];
  const save = statement('SAVEPOINT part');
  const [release, takeBack] = [statement('RELEASE part'), statement('ROLLBACK TO part')];
  const changes = statement('SELECT total_changes()').pluck();
  // Of SQLite's own promise: a log that is not synced at each commit loses its end to a power cut, and nothing to a crash.
  const level = { kept: 'synchronous = FULL', told: 'synchronous = NORMAL' } as const;
  let now: Durability = 'kept';
  let queue: Asked[] = [];
  let draining: Promise<void> | null = null;

  const part = async <T>(work: (tx: Db) => Promise<T>): Promise<T> => {
    save.run();
    try {
      return await work(tx);
    } catch (error) {
      if (connection.inTransaction) takeBack.run();
      throw error;
    } finally {
      if (connection.inTransaction) release.run();
    }
  };

  const together = async (durability: Durability): Promise<void> => {
    if (durability !== now) connection.pragma(level[durability]);
    now = durability;
    await whenFree(() => begin.run());
    const before = changes.get();
    const settle: ((lost: unknown) => void)[] = [];
    let lost: unknown;
    try {
      for (let next = queue[0]; next && settle.length < AT_ONCE; next = queue[0]) {
        if (durability === 'told' && next.durability === 'kept') break;
        queue = queue.slice(1);
        settle.push(await next.run());
        // A full disk, for one, ends a transaction at once: what was done in it is gone.
        if (!connection.inTransaction) throw unavailable('The store could not be written to: try again.');
      }
      commit.run();
      // The log was written before its commit could be seen: whoever watches it is woken again, now that it can.
      if (changes.get() !== before) touch(wal);
    } catch (error) {
      if (connection.inTransaction) rollback.run();
      lost = toFault(error);
    }
    for (const one of settle) one(lost);
  };

  const drain = async (): Promise<void> => {
    // Everything that this turn of the event loop brings is asked for first.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      try {
        await together(queue.some((one) => one.durability === 'kept') ? 'kept' : 'told');
      } catch (error) {
        const refused = queue;
        queue = [];
        for (const one of refused) one.refuse(error);
      }
    }
    draining = null;
  };

  return {
    write: (work, durability = 'kept') =>
      new Promise((resolve, reject) => {
        const run: Asked['run'] = () =>
          part(work).then(
            (value) => (lost) => (lost === undefined ? resolve(value) : reject(lost)),
            (error: unknown) => () => reject(toFault(error)),
          );
        queue.push({ durability, run, refuse: reject });
        draining ??= drain();
      }),
    drained: async () => {
      await draining;
    },
  };
}

function touch(file: string): void {
  const now = new Date();
  utimesSync(file, now, now);
}

/** Waits for its turn among processes without keeping this one from anything else. */
async function whenFree(begin: () => unknown): Promise<void> {
  const deadline = Date.now() + BUSY_MS;
  for (;;) {
    try {
      begin();
      return;
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw toFault(error);
      await pause(PAUSE_MS);
    }
  }
}

/** Whether another process has the store. */
export const isBusy = (error: unknown): boolean => codeOf(error).startsWith('SQLITE_BUSY');

/** SQLite's own, or that of what it is the cause of. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return 'code' in error ? `${error.code}` : codeOf(error.cause);
}

/** What another try may mend is 'unavailable'. */
export function toFault(error: unknown): unknown {
  if (isBusy(error)) return unavailable('The store is busy: try again.', error);
  if (codeOf(error) === 'SQLITE_FULL') return unavailable('The disk that the store is on is full: make room.', error);
  return error;
}
