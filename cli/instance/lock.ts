import Database from 'better-sqlite3';
import { conflict, DomainError } from '../../domain/fault.ts';

export interface Lock {
  release(): void;
}

/**
 * Held by this process until released or until it ends, whatever ends it; 'conflict' with `why` if another holds it, and for
 * so many ms more. Node has no flock(2), but SQLite locks its files with the kernel's record locks.
 */
export const takeLock = (file: string, why: string, waitMs = 0): Lock => exclusive(file, waitMs, why);

/** Whether another process holds it. */
export function isHeld(file: string): boolean {
  try {
    takeLock(file, 'held').release();
    return false;
  } catch (error) {
    if (error instanceof DomainError) return true;
    throw error;
  }
}

/** Another process's turn lasts a second or two; this long only if it hangs. */
const TURN_MS = 60_000;

/** The same, waiting for whoever holds it; nothing else of this process runs meanwhile. */
export const takeTurn = (file: string): Lock =>
  exclusive(file, TURN_MS, `${file} has been held by another process for ${TURN_MS / 1000} s: end that one.`);

function exclusive(file: string, timeout: number, why: string): Lock {
  const db = new Database(file, { timeout });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') throw conflict(why);
    throw error;
  }
  return { release: () => void db.close() };
}
