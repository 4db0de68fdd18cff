import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { client, type Served, served } from '../served.ts';
import { type Fixture, makeFixture } from './fixture.ts';
import { ROWS } from './rows/index.ts';

let fixture: Fixture;
let world: Served;
let call: ReturnType<typeof client>;

beforeAll(async () => {
  fixture = await makeFixture();
});
afterAll(() => fixture.remove());
beforeEach(async () => {
  world = await served({}, {}, fixture.file);
  call = client(world.origin);
});
afterEach(() => world.close());

const KEY = { 'Idempotency-Key': 'k1' };
const CHANGES = ROWS.filter(({ route }) => !route.startsWith('GET '));
/** Answers with the task that it cancels, and begins none. */
const CANCEL = 'DELETE /tasks/:task';

const keyed = (route: string): boolean => {
  const [method, path] = route.split(' ');
  const found = world.dialect.routes.find((one) => one.method.toUpperCase() === method && one.path === path);
  return found?.spec.headers?.['Idempotency-Key'] !== undefined;
};

it.each(CHANGES.map((row) => [row.route, row] as const))('%s gives one task for a key, if any', async (route, row) => {
  const { path = route.split(' ')[1] ?? '', values } = row;
  const ask = () => call(route.split(' ')[0] ?? '', path, values, 'query', KEY);
  const { status, body } = await ask();
  const { task_id: task } = body;
  expect(keyed(route)).toBe(task !== undefined && route !== CANCEL);
  if (!keyed(route)) return;
  expect(await ask()).toMatchObject({ status, body });
  const other = await call('POST', '/vm/web1/disk', { size: '7' }, 'query', KEY);
  expect(other).toMatchObject({ status: 510, body: { message: expect.stringContaining(task) } });
  expect(other.headers.get('x-slipway-fault')).toBe('conflict');
});

it('has a row for each that takes a key', () => {
  expect(CHANGES.filter(({ route }) => keyed(route)).length).toBe(12);
});
