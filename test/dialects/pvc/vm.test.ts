import { afterAll, beforeAll, expect, it } from 'vitest';
import { findVmByName, updateVm } from '../../../store/vm.ts';
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

it('gives a VM without a domain, of define_vm=false, an empty text for its XML', async () => {
  await world.store.write(async (tx) => {
    const { id } = (await findVmByName(tx, 'web1')) as NonNullable<Awaited<ReturnType<typeof findVmByName>>>;
    await updateVm(tx, id, { xml: null, defined: false });
  });
  for (const path of ['/vm', '/vm/web1'])
    expect((await client(world.origin)('GET', path)).body, path).toMatchObject([{ name: 'web1', xml: '' }]);
});
