import { domainXml } from '../../activities/drivers/hypervisor/domain-xml.ts';
import { coreServices } from '../../api/core/core.ts';
import { CORE_DEFAULTS } from '../../api/core/parts.ts';
import type { Services } from '../../api/core/services.ts';
import { temporalJobs } from '../../api/jobs.ts';
import type { AuthenticationStore } from '../../domain/accounts.ts';
import type { Jobs } from '../../domain/jobs.ts';
import type { Store } from '../../store/open.ts';
import { renderSeed } from '../../templates/cloud-init/seed.ts';
import type { EngineConnection } from './engine.ts';
import type { Settings } from './settings.ts';

/** The core over a store and an engine, with the job starter that its sweeper shares; `people` is who may log in, null for nobody. */
export function composeCore(
  { log, config }: Pick<Settings, 'log' | 'config'>,
  store: Store,
  engine: Pick<EngineConnection, 'client' | 'key'>,
  people: AuthenticationStore | null,
): { readonly services: Services; readonly jobs: Jobs } {
  const jobs = temporalJobs(engine.client);
  const services = coreServices({
    store,
    jobs,
    renderer: { domainXml, seed: renderSeed },
    settings: CORE_DEFAULTS,
    accounts: { store: people, admins: config.accounts.admins, key: engine.key.key },
    log,
  });
  return { services, jobs };
}
