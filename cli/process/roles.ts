import { conflict, unavailable } from '../../domain/fault.ts';
import type { NodeName } from '../../domain/ids.ts';
import { openStore, type Store } from '../../store/open.ts';
import { keepAdministrators, openAccounts } from './accounts.ts';
import { startApi } from './api.ts';
import { keepConfiguredTokens } from './configured-tokens.ts';
import { startControl } from './control.ts';
import { composeCore, wakeAll } from './core.ts';
import { connectEngine, type EngineConnection } from './engine.ts';
import { prepareInTurn } from './first-start.ts';
import { needsRoot } from './host.ts';
import { startNode } from './node.ts';
import type { Begin } from './run.ts';
import type { Running, Stack } from './running.ts';
import type { Settings } from './settings.ts';
import { takeNode } from './take-node.ts';

/** What every process opens. */
interface Opened {
  readonly store: Store;
  readonly engine: EngineConnection;
}

async function open(settings: Settings, things: Stack, metrics?: string): Promise<Opened> {
  const { temporal, paths } = settings;
  if (temporal === null) {
    throw unavailable(
      "No Temporal server was named: give --temporal HOST:PORT or TEMPORAL_ADDRESS. ('slipway up' runs one of its own.)",
    );
  }
  const store = openStore(paths.store);
  things.push({ stop: () => store.close() });
  return { store, engine: things.push(await connectEngine(settings, temporal, metrics)) };
}

/** Each part is ended when the process is. */
const kept = (things: Stack, parts: readonly Running[]): readonly Running[] => parts.map((part) => things.push(part));

/** `slipway api`. */
export const runApi: Begin = async (settings, things) => {
  const { store, engine } = await open(settings, things);
  const { services, pools } = composeCore(settings, store, engine, openAccounts(settings, store));
  await keepConfiguredTokens(store, settings.config.api.authentication.tokens);
  await keepAdministrators(store, settings.config.accounts);
  // A directory that `up --sim` made stays one of simulated nodes.
  await prepareInTurn(store, services, { paths: settings.paths, driver: null });
  await wakeAll(pools);
  const { listen, metadata, vmpooler } = settings;
  return kept(things, await startApi({ settings, store, services, engine, listen, metadata, vmpooler }));
};

/** `slipway control`; `metrics` is HOST:PORT of the SDK's Prometheus endpoint. */
export async function runControl(settings: Settings, things: Stack, metrics?: string): Promise<readonly Running[]> {
  const { store, engine } = await open(settings, things, metrics);
  const { jobs, pools } = composeCore(settings, store, await engine.nearby(), null);
  return kept(things, await startControl({ settings, store, jobs, engine, pools }));
}

/** `slipway node`; `stepMs` makes it a simulated one. */
export async function runNode(
  settings: Settings,
  things: Stack,
  plan: { readonly name?: NodeName; readonly stepMs: number | null; readonly metrics?: string | undefined },
): Promise<readonly Running[]> {
  const name = plan.name ?? (settings.nodeName as NodeName);
  if (plan.stepMs === null) needsRoot();
  const { store, engine } = await open(settings, things, plan.metrics);
  const { metadata } = settings;
  if (plan.stepMs === null && metadata.port === 0) throw conflict('--metadata: a node has to be told the port.');
  const drivers = await takeNode(settings, things, { name, stepMs: plan.stepMs, metadataPort: metadata.port });
  const { jobs } = composeCore(settings, store, engine, null);
  return kept(things, await startNode({ settings, store, jobs, engine, name, drivers }));
}
