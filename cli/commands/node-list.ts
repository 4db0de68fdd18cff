import type { Command } from 'commander';
import { z } from 'zod';
import { table } from '../client/table.ts';
import { apiOf, type ClientOptions, clientCommand, printJson, printLine } from './client.ts';

const NodeDocument = z.looseObject({
  name: z.string(),
  daemon_state: z.string(),
  domain_state: z.string(),
  cpu_count: z.coerce.number(),
  load: z.coerce.number(),
  domains_count: z.coerce.number(),
  memory: z.looseObject({
    total: z.coerce.number(),
    allocated: z.coerce.number(),
    provisioned: z.coerce.number().optional(),
  }),
});
type NodeDocument = z.infer<typeof NodeDocument>;

const NODE_COLUMNS = {
  NAME: (node: NodeDocument) => node.name,
  DAEMON: (node: NodeDocument) => node.daemon_state,
  DOMAINS: (node: NodeDocument) => node.domain_state,
  VMS: (node: NodeDocument) => node.domains_count,
  CPUS: (node: NodeDocument) => node.cpu_count,
  LOAD: (node: NodeDocument) => node.load.toFixed(2),
  'MEMORY MiB': (node: NodeDocument) => `${node.memory.allocated} of ${node.memory.total}`,
};

/** `slipway node list`. */
export const nodeListCommand = (): Command =>
  clientCommand('list', 'hypervisors, and how full they are').action(async (options: ClientOptions) => {
    const answer = await apiOf(options).get('/node');
    if (options.json) return printJson(answer);
    printLine(table(NODE_COLUMNS, z.array(NodeDocument).parse(answer), 'No nodes yet: start one with slipway node.'));
  });
