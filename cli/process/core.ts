import { domainXml } from '../../activities/drivers/hypervisor/domain-xml.ts';
import { coreServices } from '../../api/core/core.ts';
import { CORE_DEFAULTS, type CoreParts, type CoreSettings } from '../../api/core/parts.ts';
import type { Services } from '../../api/core/services.ts';
import { poolKeeper } from '../../api/core/vm-pool/keeper.ts';
import { poolWaker, type WakePool } from '../../api/core/vm-pool/wake.ts';
import { temporalJobs } from '../../api/jobs.ts';
import type { AuthenticationStore } from '../../domain/accounts.ts';
import type { Jobs } from '../../domain/jobs.ts';
import type { PoolKeeper } from '../../domain/pool-keeper.ts';
import type { Store } from '../../store/open.ts';
import { renderSeed } from '../../templates/cloud-init/seed.ts';
import type { Config } from '../config/schema.ts';
import type { StartEngine } from './engine.ts';
import type { Settings } from './settings.ts';

/** What keeps VM pools full. */
export interface Pools {
  readonly keeper: PoolKeeper;
  readonly wake: WakePool;
}

/** What the core is told by slipway.yaml. */
export const coreSettings = ({ creations }: Pick<Config, 'creations'>): CoreSettings => ({
  ...CORE_DEFAULTS,
  waitTimeoutMs: creations.wait_minutes * 60_000,
});

/** The core over a store and an engine, with the job starter that its sweeper shares; `people` is who may log in, null for nobody. */
export function composeCore(
  { log, config }: Pick<Settings, 'log' | 'config'>,
  store: Store,
  engine: StartEngine,
  people: AuthenticationStore | null,
): { readonly services: Services; readonly jobs: Jobs; readonly pools: Pools } {
  const jobs = temporalJobs(engine);
  const parts: CoreParts = {
    store,
    jobs,
    renderer: { domainXml, seed: renderSeed },
    settings: coreSettings(config),
    accounts: { store: people, admins: config.accounts.admins, key: engine.key.key },
    log,
  };
  return { services: coreServices(parts), jobs, pools: { keeper: poolKeeper(parts), wake: poolWaker(parts) } };
}

/** A process that died may have had something to tell the keepers. */
export async function wakeAll({ keeper, wake }: Pools): Promise<void> {
  for (const pool of await keeper.pools()) wake(pool);
}
