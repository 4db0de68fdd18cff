import { VM_LIMITS } from '../../../domain/profile.ts';
import { SELECTORS, WAITS } from '../../../domain/vm.ts';
import type { ProfileService } from '../../core/profile.ts';
import { type Route, route } from '../../http/route.ts';
import { z } from '../../http/zod.ts';
import { CHANGED, changed, objectOf, ok } from './answer.ts';
import { name } from './name.ts';
import { MAX_VNI } from './network.ts';

const APPLY = '/provisioner/profile/apply';
/** By its path, a profile of this name could not be made; paths are the same in capitals. */
export const isFree = (name: string): boolean => name.toLowerCase() !== 'apply';
export const NOT_FREE = `cannot be 'apply': POST ${APPLY} takes a whole profile.`;

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String).openapi({ type: 'string' });

const whole = ([least, most]: readonly [number, number]) => z.int().min(least).max(most);

const System = z.strictObject({
  vcpus: whole(VM_LIMITS.vcpus).describe('Number of vCPUs.'),
  memoryMiB: whole(VM_LIMITS.memoryMiB).describe('Memory in MiB.'),
  serial: z.boolean().optional().describe('Whether it has a serial console.'),
  vnc: z.boolean().optional().describe('Whether it has a VNC console.'),
  vncBind: z.string().optional().describe('Address that VNC listens on.'),
  nodeLimit: z.array(z.string()).min(1).optional().describe('Nodes it may run on; all without.'),
  nodeSelector: z.enum(SELECTORS).optional().describe('How its node is chosen.'),
  autostart: z.boolean().optional().describe('Whether it starts with its node.'),
});

const DiskOfDocument = z.strictObject({
  id: z.string().min(1).describe('sda, sdb and so on (SCSI) or vda, vdb (virtio).'),
  pool: z.string().min(1).describe('Storage pool.'),
  sizeGiB: whole(VM_LIMITS.diskGiB).optional().describe('Size in GiB.'),
  filesystem: z.string().min(1).optional().describe('Filesystem to make on it.'),
  filesystemArgs: z.array(z.string()).optional().describe('Arguments to mkfs, each one word.'),
  mountpoint: z.string().min(1).optional().describe('Where it is mounted while the script runs.'),
  sourceVolume: z.string().min(1).optional().describe('Volume of the pool to clone instead.'),
});

/**
 * A whole profile as one value: the body of `POST /provisioner/profile/apply`, and the content of a profile.yaml once the
 * files that `script` and `userdata` name are read in.
 */
export const profileDocument = z
  .strictObject({
    name: z.string().min(1).refine(isFree, NOT_FREE).describe('Name of the profile; its parts are named after it.'),
    description: z.string().optional(),
    system: System,
    networks: z
      .array(whole([1, MAX_VNI]))
      .optional()
      .describe("VNIs, in the order of the guest's Ethernet devices."),
    macTemplate: z.string().min(1).optional().describe('MAC address with the holes {prefix}, {vmid}, {netid}.'),
    disks: z.array(DiskOfDocument).optional(),
    arguments: z.record(z.string(), scalar).optional().describe('Arguments to the script.'),
    wait: z.enum(WAITS).optional().describe('What a creation waits for.'),
    script: z.string().optional().describe('Text of the install script.'),
    userdata: z.string().optional().describe('Text of the user-data, a Handlebars template.'),
    scriptName: z.string().min(1).optional().describe("What the script is called; the profile's name without."),
  })
  .openapi('ProfileDocument');

/** The same of which parts may be missing: what is left when those are taken out that the schema refuses. */
export const profileDraft = z.strictObject({
  ...profileDocument.partial().shape,
  system: System.partial().optional(),
  disks: z.array(DiskOfDocument.partial()).optional(),
});

/** JSON schema of profile.yaml, in which `script` and `userdata` name files beside it. */
export function profileFileSchema(): object {
  const file = profileDocument.extend({
    script: z.string().min(1).optional().describe('File with the install script, beside this one.'),
    userdata: z.string().min(1).optional().describe('File with the user-data, beside this one.'),
  });
  return z.toJSONSchema(file, { io: 'input', target: 'draft-2020-12' });
}

/** Whoever names parts wants to make a profile that is called like the path. */
const notOfParts = profileDocument.refine(() => false, {
  ...{ path: ['name'], error: NOT_FREE },
  when: ({ issues }) =>
    issues.some((issue) => issue.code === 'unrecognized_keys' && issue.keys.includes('system_template')),
});

const tag = 'provisioner / profile';

/** Profiles with all their parts as one document (beyond PVC). */
export const profileDocumentRoutes = (profiles: ProfileService): readonly Route[] => [
  route(
    'post',
    APPLY,
    {
      ...{ tag, summary: 'Make a profile and its parts what a document says', values: notOfParts },
      // As the JSON schema and 'slipway profile check' have it: null is no value of any key.
      nulls: 'kept',
      responses: CHANGED,
    },
    async ({ values, principal }) => {
      await profiles.apply(principal, values);
      return changed(`Applied profile '${values.name}'.`, values.name);
    },
  ),
  route(
    'get',
    '/provisioner/profile/:name/export',
    {
      tag,
      summary: 'A profile with its parts as one document',
      values: z.object({ name: name('Name of the profile.') }),
      responses: objectOf(profileDocument),
    },
    async ({ values, principal }) => ok(await profiles.export(principal, values.name)),
  ),
];
