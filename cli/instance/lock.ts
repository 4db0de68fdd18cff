import Database from 'better-sqlite3';
import { conflict } from '../../domain/fault.ts';

export interface Lock {
  release(): void;
}

/**
 * Held by this process until released or until it ends, whatever ends it; 'conflict' with `why` if another holds it.
 * Node has no flock(2), but SQLite locks its files with the kernel's record locks.
 */
export function takeLock(file: string, why: string): Lock {
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') throw conflict(why);
    throw error;
  }
  return { release: () => void db.close() };
}
