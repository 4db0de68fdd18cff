import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, type Served, served } from '../served.ts';
import { type Fixture, makeFixture } from './fixture.ts';

let fixture: Fixture;
let world: Served;
beforeAll(async () => {
  fixture = await makeFixture();
  world = await served({}, {}, fixture.file);
});
afterAll(async () => {
  await world.close();
  fixture.remove();
});

it('says which task removes a network and where to watch it, the same when asked again', async () => {
  const call = client(world.origin);
  const first = await call('DELETE', '/network/300');
  expect(first).toMatchObject({ status: 200, body: { message: "Network '300' is being removed." } });
  const path = first.headers.get('location') ?? '';
  expect(path).toBe(`/api/v1/tasks/${first.body.task_id}`);
  expect((await call('GET', path.replace('/api/v1', ''))).body).toMatchObject({
    task_name: 'network.remove',
    target: '300',
  });
  const again = await call('DELETE', '/network/n300');
  expect([again.status, again.body.task_id]).toEqual([200, first.body.task_id]);
});
