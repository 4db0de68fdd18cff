import { afterAll, beforeAll, expect, it } from 'vitest';
import { client, type Served, served } from '../served.ts';
import { type Fixture, makeFixture } from './fixture.ts';

const STORAGE = '/provisioner/template/storage/root/disk';
const NETWORK = '/provisioner/template/network/net200+net300/net';

let fixture: Fixture;
let world: Served;
let call: ReturnType<typeof client>;
beforeAll(async () => {
  fixture = await makeFixture();
  world = await served({}, {}, fixture.file);
  call = client(world.origin);
  for (const disk_id of ['sdb', 'vda']) await call('POST', STORAGE, { disk_id, pool: 'vms', disk_size: '1' });
  await call('POST', NETWORK, { vni: '300' });
});
afterAll(async () => {
  await world.close();
  fixture.remove();
});

it.each([
  [STORAGE, 'disk_id', undefined, ['sda', 'sdb', 'vda']],
  [STORAGE, 'disk_id', '', ['sda', 'sdb', 'vda']],
  [STORAGE, 'disk_id', 'sd', ['sda', 'sdb']],
  [STORAGE, 'disk_id', 'da', ['sda', 'vda']],
  [STORAGE, 'disk_id', '^da', []],
  [STORAGE, 'disk_id', '^sdb$', ['sdb']],
  [NETWORK, 'vni', undefined, ['200', '300']],
  [NETWORK, 'vni', '30', ['300']],
  [NETWORK, 'vni', '^20', ['200']],
  [NETWORK, 'vni', '^00', []],
] as const)('GET %s gives those whose %s matches %s', async (path, key, limit, expected) => {
  const { status, body } = await call('GET', path, limit === undefined ? {} : { limit });
  expect(status).toBe(200);
  expect(body.map((one: Record<string, unknown>) => one[key])).toEqual(expected);
});
