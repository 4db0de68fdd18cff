import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Api, apiClient } from '../../../cli/client/api.ts';
import { removeWithParts } from '../../../cli/profile/remove.ts';
import { type Served, served, TOKEN } from '../../dialects/served.ts';

let world: Served;
let api: Api;
beforeEach(async () => {
  world = await served();
  api = apiClient({ api: world.origin, token: TOKEN });
  const system = { vcpus: 1, memoryMiB: 512 };
  await api.post('/provisioner/profile/apply', {
    ...{ name: 'tried', system, networks: [], disks: [] },
    ...{ script: 'def install(**kwargs):\n  pass\n', userdata: '#cloud-config\n' },
  });
});
afterEach(() => world.close());

const KINDS = ['template/system', 'template/network', 'template/storage', 'script', 'userdata', 'profile'];
const names = async (): Promise<readonly string[]> => {
  const lists = await Promise.all(KINDS.map((kind) => api.get(`/provisioner/${kind}`) as Promise<{ name: string }[]>));
  return lists.flatMap((list, index) => list.map(({ name }) => `${KINDS[index]}/${name}`));
};

it('removes a profile and its parts', async () => {
  const before = await names();
  expect(before).toContain('script/tried');
  const removed = await removeWithParts(api, 'tried');
  expect([...removed, '/provisioner/profile/tried'].sort()).toEqual(
    before.map((name) => `/provisioner/${name}`).sort(),
  );
  expect(await names()).toEqual([]);
});

it('leaves what another profile is made from', async () => {
  await api.post('/provisioner/profile/other', { system_template: 'tried', userdata: 'tried' });
  await removeWithParts(api, 'tried');
  expect(await names()).toEqual(['template/system/tried', 'userdata/tried', 'profile/other']);
});

it('removes no part of a profile that is not there', async () => {
  const before = await names();
  await expect(removeWithParts(api, 'tired')).rejects.toThrow("'tired'");
  expect(await names()).toEqual(before);
});
