import { bridgeOf } from '../../../domain/network.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { Snapshot } from '../../../domain/snapshot.ts';
import type { VmDetail, VmService } from '../../core/vm.ts';
import { type Route, route } from '../../http/route.ts';
import { flag, integer, oneOf, optional, word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { listOf, objectOf, ok } from './answer.ts';
import { domainFacts, vncPort } from './domain-xml.ts';
import { limit, name } from './name.ts';
import { DEFAULT_MAX_DOWNTIME_MS } from './system-template.ts';
import { PVC_STATE, PVC_STATES, statesOf } from './vm-state.ts';

const counters = {
  rd_bytes: z.int(),
  rd_packets: z.int(),
  rd_errors: z.int(),
  rd_drops: z.int(),
  wr_bytes: z.int(),
  wr_packets: z.int(),
  wr_errors: z.int(),
  wr_drops: z.int(),
};
const NO_TRAFFIC = {
  rd_bytes: 0,
  rd_packets: 0,
  rd_errors: 0,
  rd_drops: 0,
  wr_bytes: 0,
  wr_packets: 0,
  wr_errors: 0,
  wr_drops: 0,
};

const VmObject = z
  .object({
    name: z.string(),
    uuid: z.string(),
    state: z.enum(PVC_STATES),
    node: z.string(),
    last_node: z.string(),
    migrated: z.string(),
    failed_reason: z.string(),
    node_limit: z.array(z.string()).nullable(),
    node_selector: z.string().nullable(),
    node_autostart: z.boolean(),
    migration_method: z.string().nullable(),
    migration_max_downtime: z.int(),
    tags: z.array(z.object({})),
    snapshots: z.array(
      z.object({
        name: z.string(),
        timestamp: z.string(),
        age: z.int(),
        xml_diff_lines: z.array(z.string()),
        rbd_snapshots: z.array(z.string()),
      }),
    ),
    description: z.string(),
    profile: z.string().nullable(),
    memory: z.int().openapi({ description: 'MiB.' }),
    memory_stats: z.object({}),
    vcpu: z.int(),
    vcpu_topology: z.string(),
    vcpu_stats: z.object({}),
    vnc: z.object({ listen: z.string().nullable(), port: z.string().nullable() }),
    networks: z.array(
      z.object({
        type: z.string(),
        vni: z.string(),
        mac: z.string(),
        source: z.string(),
        model: z.string(),
        ip: z.string().nullable(),
        ...counters,
      }),
    ),
    type: z.string(),
    arch: z.string(),
    machine: z.string(),
    console: z.string(),
    emulator: z.string(),
    features: z.array(z.string()),
    disks: z.array(z.object({ type: z.string(), name: z.string(), dev: z.string(), bus: z.string() })),
    controllers: z.array(z.object({ type: z.string(), model: z.string() })),
    xml: z.string().openapi({ description: 'Of the domain; empty while there is none.' }),
  })
  .openapi('Vm');

/** Those that the VM can be taken back to; an unnamed one is known by its id. */
function toSnapshot({ id, name, state, readyAt }: Snapshot): z.output<typeof VmObject>['snapshots'] {
  if (state !== 'ready' || readyAt === null) return [];
  const [timestamp, age] = [Math.floor(readyAt / 1000), Math.floor((Date.now() - readyAt) / 1000)];
  return [{ name: name ?? id, timestamp: `${timestamp}`, age, xml_diff_lines: [], rbd_snapshots: [] }];
}

function toVm(vm: VmDetail): z.output<typeof VmObject> {
  const facts = domainFacts(vm.xml);
  return {
    name: vm.name,
    uuid: vm.id,
    state: PVC_STATE[vm.state],
    node: vm.node,
    last_node: vm.lastNode ?? '',
    migrated: vm.lastNode === null ? 'no' : `from ${vm.lastNode}`,
    failed_reason: vm.failedReason ?? '',
    node_limit: vm.nodeLimit === null ? null : [...vm.nodeLimit],
    node_selector: vm.selector,
    node_autostart: vm.autostart,
    migration_method: vm.migrationMethod,
    migration_max_downtime: DEFAULT_MAX_DOWNTIME_MS,
    tags: [],
    snapshots: vm.snapshots.flatMap(toSnapshot).toReversed(),
    description: vm.description,
    profile: vm.profile,
    memory: vm.memory,
    memory_stats: {},
    vcpu: vm.vcpus,
    vcpu_topology: `1/${vm.vcpus}/1`,
    vcpu_stats: {},
    vnc: { listen: vm.vnc, port: vm.vnc === null ? null : vncPort(vm.xml) },
    networks: vm.nics.map(({ vni, mac, ip }) => ({
      type: 'bridge',
      vni: `${vni}`,
      mac,
      source: bridgeOf(vni),
      model: 'virtio',
      ip,
      ...NO_TRAFFIC,
    })),
    ...facts,
    features: [...facts.features],
    disks: vm.disks.map(({ pool, name, diskId }) => ({
      type: 'file',
      name: `${pool}/${name}`,
      dev: diskId,
      bus: diskId.startsWith('vd') ? 'virtio' : 'scsi',
    })),
    controllers: [...facts.controllers],
    xml: vm.xml ?? '',
  };
}

const Filter = z.object({
  limit: optional(limit('name')),
  node: optional(name('Only those on this node.')),
  state: optional(oneOf('Only those in this state.', PVC_STATES)),
  tag: optional(word('Only those with this tag.')),
  negate: flag('All but those.').optional(),
});

async function filtered(vms: VmService, who: Principal, filter: z.output<typeof Filter>): Promise<readonly VmDetail[]> {
  // No VM has a tag yet.
  const { limit, node, state, tag } = filter;
  const found =
    tag !== undefined
      ? []
      : await vms.list(who, { limit, node, ...(state !== undefined && { state: statesOf(state) }) });
  if (!filter.negate) return found;
  const ids = new Set(found.map(({ id }) => id));
  return (await vms.list(who)).filter(({ id }) => !ids.has(id));
}

const tag = 'vm';
const Reference = z.object({ vm: name('Name or UUID of the VM.') });
const CONSOLE_LINES = 50;

/** VMs, for reading; what changes them is in vm-change.ts. */
export const vmRoutes = (vms: VmService): readonly Route[] => [
  route(
    'get',
    '/vm',
    { tag, summary: 'List VMs', values: Filter, responses: listOf(VmObject) },
    async ({ values, principal }) => ok((await filtered(vms, principal, values)).map(toVm)),
  ),
  route(
    'get',
    '/vm/:vm',
    { tag, summary: 'Show a VM', values: Reference, responses: listOf(VmObject) },
    async ({ values, principal }) => ok([toVm(await vms.get(principal, values.vm))]),
  ),
  route(
    'get',
    '/vm/:vm/state',
    {
      tag,
      summary: "A VM's state",
      values: Reference,
      responses: objectOf(z.object({ name: z.string(), state: z.enum(PVC_STATES) })),
    },
    async ({ values, principal }) => {
      const vm = await vms.get(principal, values.vm);
      return ok({ name: vm.name, state: PVC_STATE[vm.state] });
    },
  ),
  route(
    'get',
    '/vm/:vm/node',
    {
      tag,
      summary: "A VM's node, and the one before",
      values: Reference,
      responses: objectOf(z.object({ name: z.string(), node: z.string(), last_node: z.string() })),
    },
    async ({ values, principal }) => {
      const vm = await vms.get(principal, values.vm);
      return ok({ name: vm.name, node: vm.node, last_node: vm.lastNode ?? '' });
    },
  ),
  route(
    'get',
    '/vm/:vm/console',
    {
      tag,
      summary: "The last lines of a VM's serial console",
      values: Reference.extend({ lines: optional(integer('How many lines.', 1, 100_000)) }),
      responses: objectOf(z.object({ name: z.string(), data: z.string() })),
    },
    async ({ values, principal }) => {
      const vm = await vms.get(principal, values.vm);
      return ok({ name: vm.name, data: await vms.console(principal, vm.id, values.lines ?? CONSOLE_LINES) });
    },
  ),
];
