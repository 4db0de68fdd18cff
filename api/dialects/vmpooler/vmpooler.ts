import type { Services } from '../../core/services.ts';
import type { Dialect } from '../../http/dialect.ts';
import type { Route } from '../../http/route.ts';
import { checkoutRoutes } from './checkout.ts';
import { configRoutes } from './config.ts';
import { FailureObject, failureReply } from './failure.ts';
import { ondemandRoutes } from './ondemand.ts';
import { MANNERS } from './route.ts';
import { snapshotRoutes } from './snapshot.ts';
import { statusRoutes } from './status.ts';
import { summaryRoutes } from './summary.ts';
import { tokenRoutes } from './token.ts';
import { vmRoutes } from './vm.ts';

/** Beside the other dialects; the mount says the version. */
export const BESIDE = ['/vmpooler/api/v1', '/vmpooler/api/v2'] as const;
/** On a port of its own: without a prefix, too, as old clients ask. */
export const ALONE = ['/api/v1', '/api/v2', '/'] as const;

/** vmpooler's API over the core: its document, and version 2.5.0 where that says nothing. */
export const vmpooler = (services: Services, mounts: Dialect['mounts']): Dialect => ({
  name: 'vmpooler',
  title: 'vmpooler API',
  description:
    'Bodies are JSON whatever their content type says. Names of VMs may have a domain, which is dropped. Under `/v2` answers have full names of VMs.',
  mounts,
  failure: failureReply,
  failureSchema: FailureObject,
  manners: MANNERS,
  routes: ROUTES.flatMap((routes) => routes(services)),
});

/** In order of precedence: what is asked most stands first. */
const ROUTES: readonly ((services: Services) => readonly Route[])[] = [
  checkoutRoutes,
  vmRoutes,
  snapshotRoutes,
  tokenRoutes,
  ({ poolStats }) => statusRoutes(poolStats, Date.now()),
  ({ poolStats }) => summaryRoutes(poolStats),
  ondemandRoutes,
  configRoutes,
];
