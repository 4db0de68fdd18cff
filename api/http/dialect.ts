import type { ZodType } from 'zod';
import type { Failure } from './failure.ts';
import type { Reply } from './reply.ts';
import type { Route } from './route.ts';

/** One API over the core: where it is mounted, what it serves, and how it says that something failed. */
export interface Dialect {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The first is the one that its document names. */
  readonly mounts: readonly [string, ...string[]];
  /** In order of precedence. */
  readonly routes: readonly Route[];
  readonly failure: (failure: Failure) => Reply;
  readonly failureSchema: ZodType;
}
