import { invalid } from '../../../domain/fault.ts';
import { VM_NAME_LENGTH } from '../../../domain/vm.ts';
import type { Rendering } from '../../core/create/render.ts';
import type { ProvisionerService } from '../../core/provisioner.ts';
import { type Route, route } from '../../http/route.ts';
import { flag } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { ACCEPTED, accepted, KEYED, keyOf, objectOf, ok } from './answer.ts';
import { scriptArguments } from './arguments.ts';
import { name } from './name.ts';
import { profileDocument } from './profile-document.ts';

const arg = scriptArguments("Argument as name=value, overriding the profile's; repeatable.").optional();

const Create = z.object({
  name: name('Name of the VM.', VM_NAME_LENGTH),
  profile: name('Profile it is made from.'),
  define_vm: flag('Whether the VM is defined; true unless said otherwise.').optional(),
  start_vm: flag('Whether the VM is started; true unless said otherwise.').optional(),
  arg,
});

const RenderingObject = z
  .object({
    xml: z.string(),
    userdata: z.string(),
    metadata: z.string(),
    network_config: z.string().nullable(),
    node: z.string(),
    networks: z.array(z.object({ vni: z.int(), mac: z.string(), ip: z.string().nullable() })),
    disks: z.array(
      z.object({ name: z.string(), pool: z.string(), size_mb: z.int(), filesystem: z.string().nullable() }),
    ),
    commands: z.array(z.string()),
  })
  .openapi('Rendering', { description: 'What a VM would get.' });

const toRendering = (rendering: Rendering): z.output<typeof RenderingObject> => ({
  xml: rendering.xml,
  userdata: rendering.userData,
  metadata: rendering.metaData,
  network_config: rendering.networkConfig,
  node: rendering.node,
  networks: rendering.nics.map(({ vni, mac, ip }) => ({ vni, mac, ip })),
  disks: rendering.disks.map((disk) => ({
    name: disk.name,
    pool: disk.pool,
    size_mb: disk.sizeMiB,
    filesystem: disk.filesystem,
  })),
  commands: [...rendering.commands],
});

/** Creating a VM from a profile, and seeing beforehand what it would get. */
export const createRoutes = (provisioner: ProvisionerService): readonly Route[] => [
  route(
    'post',
    '/provisioner/create',
    {
      tag: 'provisioner / create',
      summary: 'Create a VM from a profile',
      description:
        'Answers when everything is checked, reserved and durably accepted; nothing is made if it is refused.',
      values: Create,
      headers: KEYED,
      responses: ACCEPTED,
    },
    async (context) => {
      const { values, principal } = context;
      const task = await provisioner.create(principal, {
        name: values.name,
        profile: values.profile,
        args: values.arg ?? [],
        define: values.define_vm ?? true,
        start: values.start_vm ?? true,
        idempotencyKey: keyOf(context),
      });
      return accepted(context, task);
    },
  ),
  route(
    'post',
    '/provisioner/profile/:profile/render',
    {
      tag: 'provisioner / profile',
      summary: 'What a VM of a profile would get; makes nothing',
      values: z.object({
        profile: name('Profile.'),
        name: name('Name the VM would have.', VM_NAME_LENGTH),
        arg,
        document: profileDocument.optional().describe('The profile as it would be, instead of as it is.'),
      }),
      responses: objectOf(RenderingObject),
    },
    async ({ values, principal }) => {
      const { name: vm, profile, document } = values;
      if (document !== undefined && document.name !== profile)
        throw invalid('document.name', `is not '${profile}', the profile of the path.`);
      const request = { name: vm, profile, args: values.arg ?? [], document };
      return ok(toRendering(await provisioner.render(principal, request)));
    },
  ),
];
