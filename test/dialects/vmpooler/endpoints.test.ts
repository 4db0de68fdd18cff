import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ROWS } from './rows/index.ts';
import { OPEN_ROWS } from './rows/open.ts';
import type { Row } from './rows/row.ts';
import { type Fixture, makeFixture, type Pooler, pooler } from './world.ts';

let fixture: Fixture;
let at: Pooler;
beforeAll(async () => {
  fixture = await makeFixture();
});
afterAll(() => fixture.remove());
afterEach(() => at.close());

/** Puts the fixture's texts where a row has `{name}`. */
const fill = (text: string): string => text.replaceAll(/\{(\w+)\}/g, (all, name) => fixture.names[name] ?? all);

function filled(answer: unknown): unknown {
  if (typeof answer === 'string') return fill(answer);
  if (Array.isArray(answer)) return answer.map(filled);
  if (answer === null || typeof answer !== 'object' || 'asymmetricMatch' in answer) return answer;
  return Object.fromEntries(
    Object.entries(answer).flatMap(([key, value]) => (value === undefined ? [] : [[fill(key), filled(value)]])),
  );
}

function ask({ ask: line, token, login, body, v2 }: Row): Promise<Response> {
  const [method = '', path = ''] = line.split(' ');
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    ...(token === undefined ? {} : { 'X-AUTH-TOKEN': fixture.names[token] ?? token }),
    ...(login === undefined ? {} : { Authorization: `Basic ${btoa(login)}` }),
  };
  const url = `${at.beside}/vmpooler/api/${v2 ? 'v2' : 'v1'}${fill(path)}`;
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
}

async function check(row: Row): Promise<void> {
  const response = await ask(row);
  const text = await response.text();
  const { status, headers } = response;
  expect({ status, body: JSON.parse(text) }).toEqual({
    status: row.status,
    body: filled(row.answer ?? { ok: false }),
  });
  expect(text).toBe(JSON.stringify(JSON.parse(text), null, 2));
  expect(headers.get('content-type')).toBe('application/json');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('www-authenticate')).toBe(status === 401 ? 'Basic realm="Authentication required"' : null);
  // Whatever is refused is refused for a reason.
  expect(headers.get('x-slipway-reason') ?? '').toMatch(status >= 400 ? /\S/ : /^$/);
  if (row.reason !== undefined) expect(headers.get('x-slipway-reason')).toContain(row.reason);
}

const title = ({ ask: line, token, login, body, v2 }: Row): string =>
  [line, v2 ? '(v2)' : '', body ?? '', token ?? login ?? ''].filter((word) => word !== '').join(' ');

describe('every endpoint', () => {
  beforeEach(async () => {
    at = await pooler(fixture);
  });

  it('has a row', () => {
    const asked = ROWS.map(({ ask: line }) => line.replace(/\?.*$/, '').replace(/\/$/, ''));
    const missing = at.dialect.routes
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
      .filter((route) => !asked.some((line) => new RegExp(`^${route.replaceAll(/:\w+/g, '[^/]+')}$`).test(line)));
    expect(missing).toEqual([]);
  });

  it.each(ROWS.map((row) => [title(row), row] as const))('%s', (_title, row) => check(row));
});

describe('without an authentication store', () => {
  beforeEach(async () => {
    at = await pooler(fixture, false);
  });

  it.each(OPEN_ROWS.map((row) => [title(row), row] as const))('%s', (_title, row) => check(row));
});
