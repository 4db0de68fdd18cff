import type { NodeName } from '../../../domain/ids.ts';
import { type SystemTemplate, VM_LIMITS } from '../../../domain/profile.ts';
import { mib } from '../../../domain/units.ts';
import { SELECTORS } from '../../../domain/vm.ts';
import type { NewSystemTemplate, SystemTemplateService } from '../../core/template/system.ts';
import { type Context, type Route, route } from '../../http/route.ts';
import { clearable, flag, integer, oneOf, optional, word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { CHANGED, CLEARS, changed, listOf, ok } from './answer.ts';
import { limit, name } from './name.ts';
import { either } from './synonym.ts';

/** PVC's default, which answers carry where nothing is set; milliseconds. */
export const DEFAULT_MAX_DOWNTIME_MS = 300;

export const SystemTemplateObject = z
  .object({
    id: z.int(),
    name: z.string(),
    vcpu_count: z.int(),
    vram_mb: z.int().openapi({ description: 'MiB.' }),
    serial: z.boolean(),
    vnc: z.boolean(),
    vnc_bind: z.string().nullable(),
    node_limit: z.string().nullable().openapi({ description: 'Comma-separated nodes.' }),
    node_selector: z.string().nullable(),
    node_autostart: z.boolean(),
    start_with_node: z.boolean().openapi({ description: "The manual's name of node_autostart." }),
    migration_method: z.string().nullable(),
    migration_max_downtime: z.int().openapi({ description: 'Milliseconds.' }),
    ova: z.null(),
  })
  .openapi('SystemTemplate');

export const toSystemTemplate = (template: SystemTemplate): z.output<typeof SystemTemplateObject> => ({
  id: template.id,
  name: template.name,
  vcpu_count: template.vcpus,
  vram_mb: template.memory,
  serial: template.serial,
  vnc: template.vnc,
  vnc_bind: template.vncBind,
  node_limit: template.nodeLimit?.join(',') ?? null,
  node_selector: template.nodeSelector,
  node_autostart: template.nodeAutostart,
  start_with_node: template.nodeAutostart,
  migration_method: template.migrationMethod,
  migration_max_downtime: template.migrationMaxDowntimeMs ?? DEFAULT_MAX_DOWNTIME_MS,
  ova: null,
});

const vcpus = integer('Number of vCPUs.', ...VM_LIMITS.vcpus);
const vram = integer('Memory in MB of 2^20 bytes.', ...VM_LIMITS.memoryMiB);
/** What a template may say nothing of. */
const UNSETTABLE = {
  vnc_bind: word('Address that VNC listens on.'),
  node_limit: word('Comma-separated nodes it may run on.'),
  node_selector: oneOf('How its node is chosen.', SELECTORS),
  migration_method: oneOf('How it may be migrated.', ['live', 'shutdown', 'none']),
  migration_max_downtime: integer('Longest pause of a live migration in milliseconds.', 1, 3_600_000),
};
const NewSystem = z.object({
  ...{ vcpus, vram },
  serial: flag('Whether it has a serial console.').optional(),
  vnc: flag('Whether it has a VNC console.').optional(),
  vnc_bind: optional(UNSETTABLE.vnc_bind),
  node_limit: optional(UNSETTABLE.node_limit),
  node_selector: optional(UNSETTABLE.node_selector),
  node_autostart: flag('Whether it starts with its node.').optional(),
  start_with_node: flag("The manual's name of node_autostart.").optional(),
  migration_method: optional(UNSETTABLE.migration_method),
  migration_max_downtime: optional(UNSETTABLE.migration_max_downtime),
  name: name('Name of the template.'),
});
const ChangeSystem = NewSystem.extend({
  ...{ vcpus: vcpus.optional(), vram: vram.optional() },
  vnc_bind: clearable(UNSETTABLE.vnc_bind),
  node_limit: clearable(UNSETTABLE.node_limit),
  node_selector: clearable(UNSETTABLE.node_selector),
  migration_method: clearable(UNSETTABLE.migration_method),
  migration_max_downtime: clearable(UNSETTABLE.migration_max_downtime),
});
const Named = z.object({ name: name('Name of the template.') });

/** Null, which is no limit, only where none is given: commas alone are no nodes. */
function nodes(list: string | null | undefined): readonly NodeName[] | null {
  if (list === null || list === undefined) return null;
  const names = list.split(',').map((node) => node.trim());
  return names.filter((node) => node !== '') as NodeName[];
}

const VNC_BIND = '127.0.0.1'; // PVC's default

function fromNew(values: z.output<typeof NewSystem>): NewSystemTemplate {
  const vnc = values.vnc ?? false;
  return {
    name: values.name,
    vcpus: values.vcpus,
    memory: mib(values.vram),
    serial: values.serial ?? false,
    vnc,
    vncBind: values.vnc_bind ?? (vnc ? VNC_BIND : null),
    nodeLimit: nodes(values.node_limit),
    nodeSelector: values.node_selector ?? null,
    nodeAutostart: either(values, 'node_autostart', 'start_with_node') ?? false,
    migrationMethod: values.migration_method ?? null,
    migrationMaxDowntimeMs: values.migration_max_downtime ?? null,
  };
}

function fromChange(values: z.output<typeof ChangeSystem>): Partial<Omit<NewSystemTemplate, 'name'>> {
  const autostart = either(values, 'node_autostart', 'start_with_node');
  return {
    ...(values.vcpus !== undefined && { vcpus: values.vcpus }),
    ...(values.vram !== undefined && { memory: mib(values.vram) }),
    ...(values.serial !== undefined && { serial: values.serial }),
    ...(values.vnc !== undefined && { vnc: values.vnc }),
    ...(values.vnc_bind !== undefined && { vncBind: values.vnc_bind }),
    ...(values.node_limit !== undefined && { nodeLimit: nodes(values.node_limit) }),
    ...(values.node_selector !== undefined && { nodeSelector: values.node_selector }),
    ...(autostart !== undefined && { nodeAutostart: autostart }),
    ...(values.migration_method !== undefined && { migrationMethod: values.migration_method }),
    ...(values.migration_max_downtime !== undefined && { migrationMaxDowntimeMs: values.migration_max_downtime }),
  };
}

const tag = 'provisioner / template';
const COLLECTION = '/provisioner/template/system';
const ELEMENT = `${COLLECTION}/:name`;

/** System templates: vCPUs, memory, consoles, placement. */
export function systemTemplateRoutes(templates: SystemTemplateService): readonly Route[] {
  const create = async ({ values, principal }: Context<z.output<typeof NewSystem>>) => {
    await templates.createSystem(principal, fromNew(values));
    return changed(`Added system template '${values.name}'.`, values.name);
  };
  return [
    route(
      'get',
      COLLECTION,
      {
        tag,
        summary: 'List system templates',
        values: z.object({ limit: optional(limit('name')) }),
        responses: listOf(SystemTemplateObject),
      },
      async ({ values, principal }) => ok((await templates.listSystem(principal, values.limit)).map(toSystemTemplate)),
    ),
    ...[COLLECTION, ELEMENT].map((path) =>
      route('post', path, { tag, summary: 'Create a system template', values: NewSystem, responses: CHANGED }, create),
    ),
    route(
      'get',
      ELEMENT,
      { tag, summary: 'Show a system template', values: Named, responses: listOf(SystemTemplateObject) },
      async ({ values, principal }) => ok([toSystemTemplate(await templates.getSystem(principal, values.name))]),
    ),
    route(
      'put',
      ELEMENT,
      { tag, summary: 'Change a system template', description: CLEARS, values: ChangeSystem, responses: CHANGED },
      async ({ values, principal }) => {
        await templates.updateSystem(principal, values.name, fromChange(values));
        return changed(`Modified system template '${values.name}'.`, values.name);
      },
    ),
    route(
      'delete',
      ELEMENT,
      { tag, summary: 'Remove a system template', values: Named, responses: CHANGED },
      async ({ values, principal }) => {
        await templates.removeSystem(principal, values.name);
        return changed(`Removed system template '${values.name}'.`, values.name);
      },
    ),
  ];
}
