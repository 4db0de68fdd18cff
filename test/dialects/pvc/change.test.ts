import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { client, type Served, served, type Values, WAYS } from '../served.ts';
import { type Fixture, makeFixture } from './fixture.ts';

const T = '/provisioner/template';
const P = '/provisioner/profile';

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

/** Object, what is set first, what then is sent empty, and how it reads afterwards. */
const CLEARED: readonly (readonly [path: string, set: Values, empty: Values, after: object])[] = [
  [`${T}/system/small`, { vnc_bind: '10.0.0.1' }, { vnc_bind: '' }, { vnc_bind: null }],
  [`${T}/system/small`, { node_limit: 'hv1' }, { node_limit: '' }, { node_limit: null }],
  [`${T}/system/small`, { node_selector: 'vms' }, { node_selector: '' }, { node_selector: null }],
  [`${T}/system/small`, { migration_method: 'live' }, { migration_method: '' }, { migration_method: null }],
  [
    `${T}/system/small`,
    { migration_max_downtime: '500' },
    { migration_max_downtime: '' },
    { migration_max_downtime: 300 },
  ],
  [
    `${T}/network/net200+net300`,
    { mac_template: '{prefix}:00:0{vmid}:0{netid}' },
    { mac_template: '' },
    { mac_template: null },
  ],
  [`${P}/web`, { network_template: 'net200+net300' }, { network_template: '' }, { network_template: null }],
  [`${P}/web`, { storage_template: 'root' }, { storage_template: '' }, { storage_template: null }],
  [`${P}/web`, { storage_template: 'root' }, { disk_template: '' }, { storage_template: null }],
  [`${P}/web`, { userdata: 'ud' }, { userdata: '' }, { userdata: null, userdata_template: null }],
  [`${P}/web`, { userdata: 'ud' }, { userdata_template: '' }, { userdata: null, userdata_template: null }],
  [`${P}/web`, { script: 'sc' }, { script: '' }, { script: null }],
  [`${P}/web`, { arg: ['a=1', 'b=2'] }, { arg: '' }, { arguments: [] }],
];

it.each(WAYS)('PUT of a node_limit of commas by %s lifts no limit', async (way) => {
  expect((await call('PUT', `${T}/system/small`, { node_limit: 'hv1' }, way)).status).toBe(200);
  expect(await call('PUT', `${T}/system/small`, { node_limit: ' , ' }, way)).toMatchObject({
    status: 510,
    body: { message: 'node_limit: must name at least one node.' },
  });
  expect((await call('GET', `${T}/system/small`)).body).toMatchObject([{ node_limit: 'hv1' }]);
});

it.each(CLEARED.flatMap((row) => WAYS.map((way) => [row[0], JSON.stringify(row[2]), way, row] as const)))(
  'PUT %s with %s by %s clears that and nothing else',
  async (path, _empty, way, [, set, empty, after]) => {
    expect((await call('PUT', path, set, way)).status).toBe(200);
    const [before] = (await call('GET', path)).body;
    expect(before).not.toMatchObject(after);
    expect((await call('PUT', path, empty, way)).status).toBe(200);
    expect((await call('GET', path)).body).toEqual([{ ...before, ...after }]);
  },
);

it.each([
  [`${T}/system/small`, { vnc_bind: '10.0.0.1', node_limit: 'hv1', node_selector: 'vms', migration_method: 'live' }],
  [`${T}/network/net200+net300`, { mac_template: '{prefix}:00:0{vmid}:0{netid}' }],
  [`${P}/web`, { arg: 'a=1', wait: 'cloud-init' }],
] as const)('PUT %s that names nothing to change is refused, and leaves all as it is', async (path, set: Values) => {
  await call('PUT', path, set);
  const before = (await call('GET', path)).body;
  for (const [values, way] of [
    [{}, 'query'],
    [{}, 'json'],
    [{ nosuch: '1' }, 'query'],
    [{ nosuch: '1' }, 'json'],
  ] as const)
    expect(await call('PUT', path, values, way)).toMatchObject({
      ...{ status: 510, body: { message: 'body: names nothing to change.' } },
    });
  expect((await call('GET', path)).body).toEqual(before);
});

it.each(['/provisioner/script/sc', '/provisioner/userdata/ud'])('PUT %s without its text is refused', async (path) => {
  const before = (await call('GET', path)).body;
  expect(await call('PUT', path, { nosuch: '1' })).toMatchObject({
    status: 510,
    body: { message: 'data: is required.' },
  });
  expect((await call('GET', path)).body).toEqual(before);
});
