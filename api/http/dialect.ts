import type { ZodType } from 'zod';
import type { Failure } from './failure.ts';
import type { Reply } from './reply.ts';
import type { Route } from './route.ts';
import type { BareKeys } from './values.ts';

/** How a dialect writes HTTP, where that is not the usual way. */
export interface Manners {
  /** Bodies: 'pretty' ones are indented JSON, compressed for those who ask for it. */
  readonly bodies?: 'pretty';
  /** Methods that a path does not know: 'unknown' ones are 404, as if the path were not there. */
  readonly otherMethods?: 'unknown';
  readonly bareKeys?: BareKeys;
  /** Ways to say who asks, by name, as OpenAPI describes them; the key and the session of the API unless told. */
  readonly schemes?: Readonly<Record<string, SecurityScheme>>;
}

export type SecurityScheme =
  | { readonly type: 'apiKey'; readonly in: 'header' | 'cookie'; readonly name: string }
  | { readonly type: 'http'; readonly scheme: 'basic' };

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
  readonly manners?: Manners;
  readonly failureSchema: ZodType;
}
