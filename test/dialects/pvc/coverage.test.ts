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
