import { CommanderError } from 'commander';
import { DomainError, type FaultKind } from '../domain/fault.ts';

/** sysexits.h where it has a word for it. */
const STATUS: Readonly<Record<FaultKind, number>> = {
  'not-found': 1,
  exists: 1,
  invalid: 64,
  unauthorized: 77,
  forbidden: 77,
  conflict: 1,
  'no-capacity': 1,
  script: 1,
  cancelled: 1,
  unavailable: 69,
  internal: 1,
};

/** Exit status of a command that failed like this. */
export function exitStatus(error: unknown): number {
  // Help and version that were asked for come this way, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : STATUS.invalid;
  return error instanceof DomainError ? STATUS[error.fault.kind] : 1;
}

/** One sentence for a person; with `debug` also where it happened. */
export function explain(error: unknown, debug: boolean): string {
  if (debug && error instanceof Error) return `slipway: ${error.stack ?? error.message}`;
  if (error instanceof DomainError) return `slipway: ${error.message}`;
  const message = error instanceof Error ? error.message : String(error);
  return `slipway: ${message}\n  SLIPWAY_DEBUG=1 shows where this happened.`;
}
