import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDraft } from '../../../cli/profile/draft.ts';
import { client, type Served, served } from '../served.ts';

let world: Served;
let call: ReturnType<typeof client>;
beforeAll(async () => {
  world = await served();
  call = client(world.origin);
});
afterAll(() => world.close());

const DOCUMENT = { name: 'web', system: { vcpus: 1, memoryMiB: 64 } };

it.each(['description', 'networks', 'macTemplate', 'disks', 'arguments', 'wait', 'script', 'userdata', 'system'])(
  'refuses a document whose %s is null, as a check of its directory does',
  async (key) => {
    const document = { ...DOCUMENT, [key]: null };
    const { status, body } = await call('POST', '/provisioner/profile/apply', document as never, 'json');
    expect({ status, message: body.message }).toEqual({ status: 510, message: expect.stringMatching(`^${key}: `) });
    expect(readDraft(document).mistakes).toMatchObject([{ field: key }]);
  },
);

it('takes what is left when those keys are left out', async () => {
  const { status } = await call('POST', '/provisioner/profile/apply', DOCUMENT as never, 'json');
  expect(status).toBe(200);
});

const APPLY = "cannot be 'apply': POST /provisioner/profile/apply takes a whole profile.";

it.each(['apply', 'Apply'])('refuses a profile called %s by every way to make one, and says why', async (name) => {
  const parts = { name, system_template: 'web' };
  const documents = { ...DOCUMENT, name } as never;
  expect((await call('POST', '/provisioner/profile', parts)).body.message).toBe(`name: ${APPLY}`);
  expect((await call('POST', '/provisioner/profile/apply', documents, 'json')).body.message).toBe(`name: ${APPLY}`);
  expect((await call('POST', `/provisioner/profile/${name}`, { system_template: 'web' })).body.message).toContain(
    `name: ${APPLY}`,
  );
  expect(readDraft({ ...DOCUMENT, name }).mistakes).toMatchObject([{ field: 'name', why: APPLY }]);
  expect((await call('GET', '/provisioner/profile')).body).toMatchObject([{ name: 'web' }]);
});

it('shows the words for mkfs as they were given, by either way to give them', async () => {
  const words = ['-L=root', '--label=x=y', '-O', '^metadata_csum', '-E=lazy_itable_init=0'];
  const disk = { id: 'sda', pool: 'vms', sizeGiB: 1, filesystem: 'ext4', filesystemArgs: words };
  await call('POST', '/provisioner/profile/apply', { ...DOCUMENT, disks: [disk] } as never, 'json');
  const parts = { disk_id: 'sdb', pool: 'vms', disk_size: '1', filesystem: 'ext4', filesystem_arg: words };
  await call('POST', '/provisioner/template/storage/web/disk', parts);
  const { body } = await call('GET', '/provisioner/template/storage/web/disk');
  expect(body).toMatchObject([{ filesystem_args: words.join(' ') }, { filesystem_args: words.join(' ') }]);
  const again = await call('GET', '/provisioner/profile/web/export');
  expect(again.body.disks).toEqual([disk, { ...disk, id: 'sdb' }]);
});
