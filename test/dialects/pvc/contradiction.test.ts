import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { client, type Served, served, TOKEN, type Values, WAYS } from '../served.ts';
import { type Fixture, makeFixture } from './fixture.ts';
import { P, T } from './rows/row.ts';

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

const PROFILE = { system_template: 'small' };
const POOL = { profile: 'web', size: '1' };
const SYSTEM = { vcpus: '1', vram: '512' };
const TWICE = "arg: 'a' is given more than once.";

/** Method, path, what may be given, what contradicts it, and why that is refused. */
const ROWS: readonly (readonly [string, string, Values, Values, string])[] = [
  ['POST', `${P}/new`, { ...PROFILE, storage_template: 'root' }, { disk_template: 'x' }, 'disk_template: '],
  ['POST', `${P}/new`, { ...PROFILE, userdata: 'ud' }, { userdata_template: 'x' }, 'userdata_template: '],
  ['PUT', `${P}/web`, { storage_template: 'root' }, { disk_template: '' }, 'disk_template: '],
  ['PUT', `${P}/web`, { userdata: '' }, { userdata_template: 'ud' }, 'userdata_template: '],
  ['POST', `${P}/new`, { ...PROFILE, arg: 'a=1' }, { arg: ['a=1', 'b=1', 'a=2'] }, TWICE],
  ['PUT', `${P}/web`, { arg: 'a=1' }, { arg: ['a=1', 'a='] }, TWICE],
  ['POST', `${P}/web/render`, { name: 'vm1', arg: ['a=1', 'a=1'] }, { arg: ['a=1', 'a=2'] }, TWICE],
  ['POST', '/provisioner/create', { name: 'vm1', profile: 'web' }, { arg: ['a=1', 'a=2'] }, TWICE],
  ['POST', '/pool/new', { ...POOL, arg: 'a=1' }, { arg: ['a=1', 'a=2'] }, TWICE],
  ['PUT', '/pool/ci', { arg: 'a=1', arguments: 'a=1' }, { arguments: ['a=2'] }, 'arguments: '],
  ['POST', `${T}/system/new`, { ...SYSTEM, node_autostart: 'True' }, { start_with_node: 'no' }, 'start_with_node: '],
  ['PUT', `${T}/system/small`, { node_autostart: 'False' }, { start_with_node: '' }, 'start_with_node: '],
  ['DELETE', `${T}/network/net200+net300/net/200`, {}, { vni: '300' }, "vni: is '200' in the path"],
  ['GET', '/network/100', {}, { vni: '200' }, "vni: is '100' in the path"],
  ['PUT', `${P}/web`, { name: 'web', wait: 'running' }, { name: 'other' }, "name: is 'web' in the path"],
];

it.each(ROWS)('%s %s of %j is refused with %j, and done without', async (method, path, good, more, why) => {
  for (const way of WAYS.filter((one) => method !== 'GET' || one === 'query')) {
    const { status, body } = await call(method, path, { ...good, ...more }, way);
    expect({ way, status, message: body.message }).toEqual({ way, status: 510, message: expect.stringContaining(why) });
  }
  expect((await call(method, path, good)).status).toBeLessThan(300);
});

it('takes the same value under both of its names, in the path, in the query and in the body', async () => {
  const values = { name: 'new', storage_template: 'root', disk_template: 'root', arg: ['a=1', 'b=2'] };
  expect(
    (await call('POST', `${P}/new`, { ...values, ...PROFILE, userdata: 'ud', userdata_template: 'ud' })).status,
  ).toBe(200);
  const again = await send(`${P}/second?name=second&arg=a=1&arg=b=2`, { ...values, ...PROFILE, name: 'second' });
  expect(again).toMatchObject({ status: 200 });
  expect(await call('DELETE', `${T}/network/net200+net300/net`, { vni: '200', name: 'net200+net300' })).toMatchObject({
    status: 200,
  });
});

const send = async (path: string, values: Values | Record<string, unknown>) => {
  const headers = { 'X-Api-Key': TOKEN, 'Content-Type': 'application/json' };
  const response = await fetch(`${world.origin}/api/v1${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(values),
  });
  return { status: response.status, body: (await response.json()) as { message: string } };
};

it.each([
  ['?name=a', { name: 'b', data: 'x' }, 'name'],
  ['?name=a&data=secret', { data: 'other' }, 'data'],
  ['?name=a&name=b', { name: 'a', data: 'x' }, 'name'],
])('refuses the query %s beside a body of %j, quoting neither', async (query, values, field) => {
  const message = `${field}: is given in the query, and with another value in the body.`;
  expect(await send(`/provisioner/userdata${query}`, values)).toEqual({ status: 510, body: { message } });
});

it.each([
  ['?vcpus=2', { vcpus: 2, vram: 512, serial: true }],
  ['?vcpus=2&serial=true', { vcpus: '2', vram: 512, serial: true, vnc_bind: null }],
  ['?vcpus=2&constructor=x', { vram: 512 }],
])('takes the query %s beside a body of %j', async (query, values) => {
  expect(await send(`${T}/system/new${query}`, values)).toMatchObject({ status: 200 });
});

it('refuses to render the document of another profile than that of the path', async () => {
  const document = { name: 'other', system: { vcpus: 1, memoryMiB: 64 } };
  const { status, body } = await send(`${P}/web/render`, { name: 'vm1', document });
  expect([status, body.message]).toEqual([510, "document.name: is not 'web', the profile of the path."]);
});

it.each([
  ['vcpus', { vcpus: [2] }],
  ['node_limit', { node_limit: ['a', 'b'] }],
  ['serial', { serial: [] }],
  ['node_selector', { node_selector: ['mem'] }],
])('says that %s is a list, and should be one value', async (field, values) => {
  const message = `${field}: must be one value, not a list.`;
  const asked = { vcpus: 2, vram: 512, ...values };
  expect(await send(`${T}/system/new`, asked)).toEqual({ status: 510, body: { message } });
});
