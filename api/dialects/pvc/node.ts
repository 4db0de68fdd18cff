import type { NodeDetail, NodeService } from '../../core/node.ts';
import { type Route, route } from '../../http/route.ts';
import { optional, word } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { listOf, objectOf, ok } from './answer.ts';
import { limit, name } from './name.ts';

const Node = z
  .object({
    name: z.string(),
    daemon_state: z.string(),
    coordinator_state: z.string(),
    domain_state: z.string(),
    pvc_version: z.string(),
    cpu_count: z.int(),
    kernel: z.string(),
    os: z.string(),
    arch: z.string(),
    load: z.number(),
    domains_count: z.int(),
    running_domains: z.array(z.string()),
    health: z.union([z.int(), z.literal('N/A')]),
    health_plugins: z.array(z.string()),
    health_details: z.array(z.object({})),
    vcpu: z.object({ total: z.int(), allocated: z.int() }),
    memory: z
      .object({ total: z.int(), allocated: z.int(), provisioned: z.int(), used: z.int(), free: z.int() })
      .openapi({ description: 'MiB.' }),
    interfaces: z.object({}),
  })
  .openapi('Node');

const toNode = (node: NodeDetail, version: string): z.output<typeof Node> => ({
  name: node.name,
  daemon_state: node.daemonState,
  coordinator_state: node.coordinatorState,
  domain_state: node.domainState,
  pvc_version: version,
  cpu_count: node.facts.cpus,
  kernel: node.facts.kernel,
  os: node.facts.os,
  arch: node.facts.arch,
  load: node.load,
  domains_count: node.domainsCount,
  running_domains: node.runningDomains.map((domain) => domain.name),
  health: node.daemonState === 'run' ? 100 : 'N/A',
  health_plugins: [],
  health_details: [],
  vcpu: { total: node.facts.cpus, allocated: node.vcpusAllocated },
  memory: {
    total: node.facts.memory,
    allocated: node.memoryAllocated,
    provisioned: node.memoryProvisioned,
    used: Math.round(node.memoryUsed),
    free: Math.round(node.memoryFree),
  },
  interfaces: {},
});

const STATES = ['daemon_state', 'coordinator_state', 'domain_state'] as const;

const tag = 'node';

/** Nodes and their three states, for reading. */
export const nodeRoutes = (nodes: NodeService, version: string): readonly Route[] => [
  route(
    'get',
    '/node',
    {
      tag,
      summary: 'List nodes',
      values: z.object({
        limit: optional(limit('name')),
        daemon_state: optional(word('Only those in this daemon state.')),
        coordinator_state: optional(word('Only those in this coordinator state.')),
        domain_state: optional(word('Only those in this domain state.')),
      }),
      responses: listOf(Node),
    },
    async ({ values, principal }) => {
      const all = (await nodes.list(principal, values.limit)).map((node) => toNode(node, version));
      return ok(
        all.filter((node) => STATES.every((state) => values[state] === undefined || values[state] === node[state])),
      );
    },
  ),
  route(
    'get',
    '/node/:node',
    { tag, summary: 'Show a node', values: z.object({ node: name('Node.') }), responses: listOf(Node) },
    async ({ values, principal }) => ok([toNode(await nodes.get(principal, values.node), version)]),
  ),
  ...STATES.map((state) =>
    route(
      'get',
      `/node/:node/${state.replace('_', '-')}`,
      {
        tag,
        summary: `Show a node's ${state.replace('_', ' ')}`,
        values: z.object({ node: name('Node.') }),
        responses: objectOf(z.object({ name: z.string(), [state]: z.string() })),
      },
      async ({ values, principal }) => {
        const node = toNode(await nodes.get(principal, values.node), version);
        return ok({ name: node.name, [state]: node[state] });
      },
    ),
  ),
];
