import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Dialect } from '../../../api/http/dialect.ts';
import { openApiDocument } from '../../../api/http/openapi.ts';
import { type Served, served } from '../served.ts';

const GOLDEN = join(import.meta.dirname, '../../golden');
const lines = (file: string): string[] =>
  readFileSync(join(GOLDEN, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

let world: Served;
let dialect: Dialect;
beforeAll(async () => {
  world = await served();
  dialect = world.dialect;
});
afterAll(() => world.close());

it('serves all that PVC has but for a list that only shrinks', () => {
  const served = new Set(
    dialect.routes.map(({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/:\w+/g, '{}')}`),
  );
  const all = lines('pvc.endpoints.txt');
  expect(all.length).toBe(206);
  const missing = all.filter((endpoint) => !served.has(endpoint));
  // Read, not a snapshot, so that no flag rewrites it: strike out by hand what is served now, and never add.
  expect(missing).toEqual(lines('pvc.missing.txt'));
});

it('has the OpenAPI document that was reviewed', async () => {
  const document = `${JSON.stringify(openApiDocument(dialect, '1.0.3'), null, 1)}\n`;
  await expect(document).toMatchFileSnapshot(join(GOLDEN, 'pvc.openapi.json'));
});

it('has no path that a parameter before it hides', () => {
  const patterns = dialect.routes.map(({ method, path }) => ({
    method,
    path,
    pattern: new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`),
  }));
  const hidden = patterns.flatMap(({ method, path }, index) =>
    patterns
      .slice(0, index)
      .filter(
        (before) =>
          before.method === method && before.path !== path && before.path.includes(':') && before.pattern.test(path),
      )
      .map((before) => `${path} by ${before.path}`),
  );
  // Both have a parameter where the other has a word; the one named first answers.
  expect(hidden).toEqual([]);
});

it('has no word that hides an element of its name, but for a name that no element can have', () => {
  const hidden = dialect.routes.flatMap((word) =>
    dialect.routes
      .filter(({ method, path }) => method === word.method && path !== word.path && hides(word.path, path))
      .map(({ path }) => `${word.method.toUpperCase()} ${word.path} of ${path}`),
  );
  // The second ones are shown by their kind's path, too.
  expect(hidden.sort()).toEqual([
    'GET /provisioner/template/network of /provisioner/template/:name',
    'GET /provisioner/template/storage of /provisioner/template/:name',
    'GET /provisioner/template/system of /provisioner/template/:name',
    'GET /provisioner/template/userdata of /provisioner/template/:name',
    'POST /provisioner/profile/apply of /provisioner/profile/:name',
  ]);
});

/** Whether a path has a word where the other has a parameter, and is the same elsewhere. */
function hides(path: string, other: string): boolean {
  const parts = path.split('/');
  const others = other.split('/');
  return (
    parts.length === others.length &&
    others.every((part, at) => part === parts[at] || part.startsWith(':') || parts[at]?.startsWith(':') === true) &&
    others.some((part, at) => part.startsWith(':') && parts[at]?.startsWith(':') === false)
  );
}
