import { afterEach, beforeEach, expect, it } from 'vitest';
import { updateVm } from '../../../store/vm.ts';
import { ADMIN, type Cluster, cluster, request } from './cluster.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.profile({});
});
afterEach(() => c.close());

const created = async (name: string) => {
  await c.services.provisioner.create(ADMIN, request({ name }));
  return (await c.services.vms.get(ADMIN, name)).id;
};

it('finds a VM by its name and by its UUID, in any case', async () => {
  const id = await created('web1');
  for (const ref of ['web1', 'WEB1', id, id.toUpperCase()])
    expect(await c.services.vms.get(ADMIN, ref)).toMatchObject({ name: 'web1', id });
});

it("means the VM that has the UUID, whatever another one's name is", async () => {
  const [one, other] = [await created('web1'), await created('web2')];
  // Made before such names were refused.
  await c.store.write((tx) => updateVm(tx, other, { name: one }));
  expect(await c.services.vms.get(ADMIN, one)).toMatchObject({ name: 'web1', id: one });
  expect(await c.services.vms.get(ADMIN, other)).toMatchObject({ name: one, id: other });
});
