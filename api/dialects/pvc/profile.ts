import type { Profile } from '../../../domain/profile.ts';
import { WAITS } from '../../../domain/vm.ts';
import type { NewProfile } from '../../core/profile/parts.ts';
import type { ProfileService } from '../../core/profile.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { clearable, oneOf, optional } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { CHANGED, CLEARS, changed, listOf, ok } from './answer.ts';
import { scriptArguments } from './arguments.ts';
import { limit, name } from './name.ts';
import { isFree, NOT_FREE } from './profile-document.ts';
import { either } from './synonym.ts';

const ProfileObject = z
  .object({
    id: z.int(),
    name: z.string(),
    type: z.enum(['provisioner', 'ova']),
    system_template: z.string(),
    network_template: z.string().nullable(),
    storage_template: z.string().nullable(),
    userdata: z.string().nullable(),
    userdata_template: z.string().nullable().openapi({ description: "The manual's name of userdata." }),
    script: z.string().nullable(),
    ova: z.string(),
    arguments: z.array(z.string()).openapi({ description: 'name=value each.' }),
    wait: z.enum(WAITS).openapi({ description: 'What a creation waits for (beyond PVC).' }),
  })
  .openapi('Profile');

const toProfile = (profile: Profile): z.output<typeof ProfileObject> => ({
  id: profile.id,
  name: profile.name,
  type: profile.type,
  system_template: profile.systemTemplate,
  network_template: profile.networkTemplate,
  storage_template: profile.storageTemplate,
  userdata: profile.userdata,
  userdata_template: profile.userdata,
  script: profile.script,
  ova: 'N/A',
  arguments: [...profile.arguments],
  wait: profile.wait,
});

const Named = z.object({ name: name('Name of the profile.') });
/** What a profile may do without. */
const UNSETTABLE = {
  network_template: name('Network template.'),
  storage_template: name('Storage template.'),
  disk_template: name("A name of storage_template in the manual's example."),
  userdata: name('User-data.'),
  userdata_template: name("The manual's name of userdata."),
  script: name('Script.'),
};
const system = name('System template.');
const wait = oneOf('What a creation waits for.', WAITS);
const New = z.object({
  name: name('Name of the profile.').refine(isFree, NOT_FREE),
  system_template: system,
  network_template: optional(UNSETTABLE.network_template),
  storage_template: optional(UNSETTABLE.storage_template),
  disk_template: optional(UNSETTABLE.disk_template),
  userdata: optional(UNSETTABLE.userdata),
  userdata_template: optional(UNSETTABLE.userdata_template),
  script: optional(UNSETTABLE.script),
  arg: scriptArguments('Argument to the script as name=value, which may contain = again; repeatable.').optional(),
  wait: optional(wait),
  profile_type: optional(oneOf('Kind of profile.', ['provisioner'])),
});
const Change = New.omit({ profile_type: true }).extend({
  ...{ name: Named.shape.name, system_template: system.optional(), wait: wait.optional() },
  network_template: clearable(UNSETTABLE.network_template),
  storage_template: clearable(UNSETTABLE.storage_template),
  disk_template: clearable(UNSETTABLE.disk_template),
  userdata: clearable(UNSETTABLE.userdata),
  userdata_template: clearable(UNSETTABLE.userdata_template),
  script: clearable(UNSETTABLE.script),
});

const fromNew = (values: z.output<typeof New>): NewProfile => ({
  name: values.name,
  type: values.profile_type ?? 'provisioner',
  systemTemplate: values.system_template,
  networkTemplate: values.network_template ?? null,
  storageTemplate: either(values, 'storage_template', 'disk_template') ?? null,
  userdata: either(values, 'userdata', 'userdata_template') ?? null,
  script: values.script ?? null,
  arguments: values.arg ?? [],
  wait: values.wait ?? 'running',
});

function fromChange(values: z.output<typeof Change>): Partial<Omit<NewProfile, 'name'>> {
  const storage = either(values, 'storage_template', 'disk_template');
  const userdata = either(values, 'userdata', 'userdata_template');
  return {
    ...(values.system_template !== undefined && { systemTemplate: values.system_template }),
    ...(values.network_template !== undefined && { networkTemplate: values.network_template }),
    ...(storage !== undefined && { storageTemplate: storage }),
    ...(userdata !== undefined && { userdata }),
    ...(values.script !== undefined && { script: values.script }),
    ...(values.arg !== undefined && { arguments: argumentsOf(values.arg) }),
    ...(values.wait !== undefined && { wait: values.wait }),
  };
}

/** An empty one stands for none at all. */
const argumentsOf = (given: readonly string[]): readonly string[] => given.filter((arg) => arg !== '');

const tag = 'provisioner / profile';
const COLLECTION = '/provisioner/profile';
const ELEMENT = `${COLLECTION}/:name`;

/** Profiles: which templates, script, user-data and arguments make a VM. */
export function profileRoutes(profiles: ProfileService): readonly Route[] {
  const create = async ({ values, principal }: Context<z.output<typeof New>>) => {
    await profiles.create(principal, fromNew(values));
    return changed(`Added profile '${values.name}'.`, values.name);
  };
  return [
    route(
      'get',
      COLLECTION,
      {
        tag,
        summary: 'List profiles',
        values: z.object({ limit: optional(limit('name')) }),
        responses: listOf(ProfileObject),
      },
      async ({ values, principal }) => ok((await profiles.list(principal, values.limit)).map(toProfile)),
    ),
    ...[COLLECTION, ELEMENT].map((path) =>
      route('post', path, { tag, summary: 'Create a profile', values: New, responses: CHANGED }, create),
    ),
    route(
      'get',
      ELEMENT,
      { tag, summary: 'Show a profile', values: Named, responses: listOf(ProfileObject) },
      async ({ values, principal }) => ok([toProfile(await profiles.get(principal, values.name))]),
    ),
    route(
      'put',
      ELEMENT,
      {
        tag,
        summary: 'Change a profile',
        description: `${CLEARS} With any \`arg\`, they replace all arguments.`,
        values: Change,
        responses: CHANGED,
      },
      async ({ values, principal }) => {
        await profiles.update(principal, values.name, fromChange(values));
        return changed(`Modified profile '${values.name}'.`, values.name);
      },
    ),
    route(
      'delete',
      ELEMENT,
      { tag, summary: 'Remove a profile', values: Named, responses: CHANGED },
      async ({ values, principal }) => {
        await profiles.remove(principal, values.name);
        return changed(`Removed profile '${values.name}'.`, values.name);
      },
    ),
  ];
}
