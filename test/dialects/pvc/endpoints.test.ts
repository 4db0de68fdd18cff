import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, client, type Served, served, type Values, WAYS, type Way } from '../served.ts';
import { type Fixture, makeFixture } from './fixture.ts';
import { DOCUMENT_ROUTES, ROWS } from './rows/index.ts';
import type { Row } from './rows/row.ts';

let world: Served;
let call: ReturnType<typeof client>;
let fixture: Fixture;

beforeAll(async () => {
  fixture = await makeFixture();
});
afterAll(() => fixture.remove());

async function begin(): Promise<void> {
  world = await served({}, {}, fixture.file);
  call = client(world.origin);
}
const end = (): Promise<void> => world.close();

const target = ({ route, path }: Row): [string, string] => {
  const [method = '', template = ''] = route.split(' ');
  return [method, path ?? template];
};
const ask = (row: Row, values: Values, way: Way): Promise<Answer> => call(...target(row), values, way);

const ways = (row: Row): readonly Way[] => (row.values === undefined || row.route.startsWith('GET') ? ['query'] : WAYS);

describe('every endpoint', () => {
  beforeEach(begin);
  afterEach(end);

  it('has a row', () => {
    const all = world.dialect.routes.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(
      ROWS.map(({ route }) => route)
        .concat(DOCUMENT_ROUTES)
        .sort(),
    ).toEqual(all.sort());
    expect(new Set(all).size).toBe(all.length);
  });

  it.each(ROWS.flatMap((row) => ways(row).map((way) => [row.route, way, row] as const)))(
    '%s by %s',
    async (_route, way, row) => {
      const { status, body } = await ask(row, row.values ?? {}, way);
      expect({ status, body }).toEqual({ status: row.status ?? 200, body: row.body });
    },
  );
});

/** Asking for anything is itself a use of the token. */
const withoutUses = (body: unknown): unknown =>
  JSON.parse(JSON.stringify(body), (key, value) => (key === 'last_used_at' ? null : value));

describe('a refusal', () => {
  let before: unknown;
  const everything = () =>
    Promise.all(
      ROWS.filter(({ route }) => route.startsWith('GET')).map((row) =>
        ask(row, {}, 'query').then(({ body }) => ageless(withoutUses(body))),
      ),
    );
  const ageless = (body: unknown) => JSON.stringify(body, (key, value) => (key === 'age' ? 0 : value));
  beforeAll(async () => {
    await begin();
    before = await everything();
  });
  afterAll(async () => {
    // None of all these refusals changed anything.
    expect(await everything()).toEqual(before);
    await end();
  });

  const refused = ROWS.flatMap((row) =>
    (row.bad ?? []).flatMap(([values, field]) =>
      // The parts of a form end as a form's values do.
      ways({ ...row, values })
        .filter((way) => way !== 'parts')
        .map((way) => [row.route, JSON.stringify(values), way, field, values, row] as const),
    ),
  );
  it.each(refused)('%s with %s by %s is refused, naming %s', async (_route, _values, way, field, values, row) => {
    const merged = Object.fromEntries(
      Object.entries({ ...row.values, ...values }).filter(([, value]) => value.length > 0 || value === ''),
    );
    const { status, body } = await ask(row, merged, way);
    expect({ status, body }).toEqual({ status: 510, body: { message: expect.stringContaining(field) } });
    expect(body.message).not.toContain('"');
  });

  it.each(ROWS.flatMap((row) => (row.missing === undefined ? [] : [[row.route, row.missing, row] as const])))(
    '%s of %s is refused',
    async (_route, path, row) => {
      const { status, body } = await call(target(row)[0], path, row.values ?? {});
      const [, ref = ''] = /(nope|999?|300|sdz)/.exec(path) ?? [];
      expect({ status, body }).toEqual({ status: 510, body: { message: expect.stringContaining(ref) } });
    },
  );

  const OPEN = /^(GET|POST) \/((auth\/)?(login|logout))?$/;
  it.each(ROWS.map((row) => [row.route, row] as const))('%s asks for a key', async (route, row) => {
    const { status, body } = await call(...target(row), row.values ?? {}, 'query', { 'X-Api-Key': 'wrong' });
    if (OPEN.test(route)) expect(status).toBeLessThan(300);
    else expect({ status, body }).toEqual({ status: 401, body: { message: 'Authentication required' } });
  });
});
