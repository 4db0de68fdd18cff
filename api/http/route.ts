import type { ZodObject, ZodType, z } from 'zod';
import { refuse } from '../../domain/fault.ts';
import type { Principal } from '../../domain/principal.ts';
import type { RawValues } from './pairs.ts';
import type { Reply } from './reply.ts';
import { parseValues } from './values.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** What a handler knows of its request. */
export interface Context<Values> {
  readonly values: Values;
  /** Who asks; on a route that needs no authentication, nobody in particular. */
  readonly principal: Principal;
  /** Where the dialect is mounted, for links. */
  readonly mount: string;
  /** Whether the request came over TLS. */
  readonly secure: boolean;
  /** The client's address, or its proxy's. */
  readonly address: string;
  /** Aborted when the client has gone or the server closes. */
  readonly signal: AbortSignal;
  /** Whether the client has gone, as of now. */
  readonly gone: boolean;
  /** The body of a route that takes a document; empty on any other. */
  readonly text: string;
  /** Says who asks, for the log, where the route itself finds that out. */
  named(account: string): void;
  header(name: string): string | undefined;
}

/** One documented answer. */
export interface Answer {
  readonly description: string;
  readonly schema: ZodType;
  /** JSON unless said otherwise. */
  readonly type?: string;
}

export interface OwnAuth {
  /** Schemes of the dialect, each enough by itself. */
  readonly by: readonly string[];
  readonly optional?: boolean;
}

export interface RouteSpec<Schema extends ZodObject> {
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Path parameters, query, form and JSON values: one schema for all. */
  readonly values?: Schema;
  readonly responses: Readonly<Record<number, Answer>>;
  /**
   * The body as a document of its own, JSON whatever its content type says, of which `values` knows nothing: its schema, which
   * describes it but is not asked. 'ignored': whatever comes.
   */
  readonly document?: ZodType | 'ignored';
  /** Whether a JSON value of null says something: it counts as not given unless told. */
  readonly nulls?: 'kept';
  /** Whether a value that `values` does not have is a mistake: it is passed over unless told. */
  readonly unknown?: 'refused';
  /** Whether a trailing slash makes it another path. */
  readonly exact?: boolean;
  /** Required by the app unless 'none' or in one of these ways, by which the route itself finds out who asks. */
  readonly auth?: 'none' | OwnAuth;
  /** Request headers that mean something here, with what they mean. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: Method;
  /** Express path under the dialect's mount; also the route's name in metrics. */
  readonly path: string;
  readonly spec: RouteSpec<ZodObject>;
  readonly handle: (context: Context<RawValues>) => Promise<Reply>;
}

/** Binds method, path, schema and handler: what Express serves and the OpenAPI document says can then not differ. */
export function route<Schema extends ZodObject = ZodObject<Record<never, never>>>(
  method: Method,
  path: string,
  spec: RouteSpec<Schema>,
  handler: (context: Context<z.output<Schema>>) => Reply | Promise<Reply>,
): Route {
  const { values: schema } = spec;
  return {
    method,
    path,
    spec,
    handle: async (context) => {
      if (spec.unknown === 'refused') mustKnow(schema?.shape ?? {}, context.values);
      const values = schema === undefined ? {} : parseValues(schema, context.values);
      // Not a copy: that would make the signal, which few handlers want.
      return handler(Object.assign(context, { values: values as z.output<Schema> }));
    },
  };
}

/** 'invalid' naming every value that the route does not have. */
function mustKnow(shape: Readonly<Record<string, unknown>>, values: RawValues): void {
  const unknown = Object.keys(values).filter((key) => !Object.hasOwn(shape, key));
  refuse(unknown.map((field) => ({ field, why: 'is not known here.' })));
}
