import { has, type Row } from './row.ts';

/** Nodes. */
export const NODE_ROWS: readonly Row[] = [
  {
    route: 'GET /node',
    body: [
      has({ name: 'hv1', memory: { total: 16384, allocated: 1024, provisioned: 1024, used: 2049, free: 14336 } }),
      has({ name: 'hv2', health: 'N/A' }),
    ],
  },
  {
    route: 'GET /node/:node',
    path: '/node/hv1',
    body: [has({ name: 'hv1', cpu_count: 8, running_domains: ['web1'] })],
    missing: '/node/nope',
  },
  {
    route: 'GET /node/:node/daemon-state',
    path: '/node/hv1/daemon-state',
    body: { name: 'hv1', daemon_state: 'run' },
    missing: '/node/nope/daemon-state',
  },
  {
    route: 'GET /node/:node/coordinator-state',
    path: '/node/hv1/coordinator-state',
    body: { name: 'hv1', coordinator_state: 'primary' },
  },
  {
    route: 'GET /node/:node/domain-state',
    path: '/node/hv1/domain-state',
    body: { name: 'hv1', domain_state: 'ready' },
  },
];
