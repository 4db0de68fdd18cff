import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import type { ZodObject, ZodType } from 'zod';
import type { Dialect, SecurityScheme } from './dialect.ts';
import { SESSION_COOKIE } from './principal.ts';
import type { Route } from './route.ts';
import { z } from './zod.ts';

const SCHEMES: Readonly<Record<string, SecurityScheme>> = {
  apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
  session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
};

/** The OpenAPI 3.1 document of a dialect, made of the routes that are served. */
export function openApiDocument(dialect: Dialect, version: string): object {
  const registry = new OpenAPIRegistry();
  for (const [name, scheme] of Object.entries(dialect.manners?.schemes ?? SCHEMES))
    registry.registerComponent('securitySchemes', name, scheme);
  for (const route of dialect.routes) registry.registerPath(operation(route, dialect.failureSchema));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: dialect.title, description: dialect.description, version },
    servers: [{ url: dialect.mounts[0] }],
  });
}

function operation({ method, path, spec }: Route, failure: ZodType): RouteConfig {
  const shape = spec.values?.shape ?? {};
  const inPath = new Set([...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? ''));
  const part = (keep: (name: string) => boolean): ZodObject | undefined => {
    const entries = Object.entries(shape).filter(([name]) => keep(name));
    return entries.length === 0 ? undefined : z.object(Object.fromEntries(entries));
  };
  const params = part((name) => inPath.has(name));
  const others = part((name) => !inPath.has(name));
  const { document } = spec;
  // What stands in the path may stand in the body as well.
  const isClosed = spec.unknown === 'refused' && params === undefined;
  const takesBody = document === undefined && (method === 'post' || method === 'put');
  return {
    method,
    path: path.replaceAll(/:(\w+)/g, '{$1}'),
    tags: [spec.tag],
    summary: spec.summary,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    request: {
      ...(params === undefined ? {} : { params }),
      // What a body may hold may also stand in the query, hence nothing is required there.
      ...(others === undefined ? {} : { query: takesBody ? others.partial() : others }),
      ...(spec.headers === undefined ? {} : { headers: headers(spec.headers) }),
      ...(others === undefined || !takesBody ? {} : { body: body(isClosed ? others.strict() : others) }),
      ...(document === undefined || document === 'ignored'
        ? {}
        : { body: { content: { 'application/json': { schema: document } } } }),
    },
    responses: { ...answers(spec.responses), default: json('The request failed.', failure) },
    security: security(spec.auth),
  };
}

function security(auth: Route['spec']['auth']): Record<string, string[]>[] {
  if (auth === 'none') return [];
  const { by, optional = false } = auth ?? { by: Object.keys(SCHEMES) };
  return [...(optional ? [{}] : []), ...by.map((name) => ({ [name]: [] }))];
}

const headers = (described: Readonly<Record<string, string>>): ZodObject =>
  z.object(
    Object.fromEntries(
      Object.entries(described).map(([name, description]) => [name, z.string().optional().openapi({ description })]),
    ),
  );

const body = (schema: ZodObject) => ({
  content: {
    'application/x-www-form-urlencoded': { schema },
    'multipart/form-data': { schema },
    'application/json': { schema },
  },
});

const json = (description: string, schema: ZodType, type = 'application/json') => ({
  description,
  content: { [type]: { schema } },
});

const answers = (responses: Route['spec']['responses']): RouteConfig['responses'] =>
  Object.fromEntries(
    Object.entries(responses).map(([status, { description, schema, type }]) => [
      status,
      json(description, schema, type),
    ]),
  );
