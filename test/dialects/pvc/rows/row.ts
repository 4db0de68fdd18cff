import { expect } from 'vitest';
import type { Values } from '../../served.ts';

/** One endpoint: how it is called in the fixture's world, what it answers, and which values it refuses. */
export interface Row {
  /** `METHOD /path/:parameter` as served. */
  readonly route: string;
  /** Path with its parameters filled in. */
  readonly path?: string;
  readonly values?: Values;
  readonly status?: number;
  readonly body: unknown;
  /** Values put in the place of the good ones (empty list: left out), and the field that the refusal names. */
  readonly bad?: readonly (readonly [Values, string])[];
  /** Path of something that is not there. */
  readonly missing?: string;
}

export const has = (shape: object): unknown => expect.objectContaining(shape);
export const message = (...words: string[]) => has({ message: expect.stringContaining(words.join(' ')) });
export const changed = (name: string, more: object = {}) => has({ message: expect.any(String), name, ...more });
/** A task that has begun nothing yet, and one that has ended. */
export const TASK = '00000000-0000-4000-8000-000000000001';
export const ENDED = '00000000-0000-4000-8000-000000000002';
/** Of web1, called clean. */
export const SNAPSHOT = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
export const begun = (kind: string) => has({ task_id: expect.any(String), task_name: kind, run_on: 'hv1' });
export const T = '/provisioner/template';
export const P = '/provisioner/profile';
