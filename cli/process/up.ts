import type { NodeName } from '../../domain/ids.ts';
import { openStore } from '../../store/open.ts';
import { type Instance, removeHolder, removeInstance, writeHolder, writeInstance } from '../instance/instance.ts';
import { takeLock } from '../instance/lock.ts';
import { authority, rememberedPorts } from '../instance/ports.ts';
import { engine as temporalServer } from '../temporal/engine.ts';
import type { Notices } from '../temporal/kept-server.ts';
import { keepAdministrators, openAccounts } from './accounts.ts';
import { startApi } from './api.ts';
import { keepConfiguredTokens } from './configured-tokens.ts';
import { startControl } from './control.ts';
import { composeCore } from './core.ts';
import type { NodeDrivers } from './drivers.ts';
import { VMPOOLER_DEFAULT } from './endpoints.ts';
import { connectEngine } from './engine.ts';
import { prepareInTurn } from './first-start.ts';
import { needsRoot } from './host.ts';
import { startNode } from './node.ts';
import type { Running, Stack } from './running.ts';
import type { Settings } from './settings.ts';
import { takeNode } from './take-node.ts';

export interface UpPlan {
  /** How many simulated nodes; 0: this machine itself. */
  readonly simulated: number;
  /** How long each simulated effect takes. */
  readonly stepMs: number;
  /** HOST:PORT where the SDK serves its metrics. */
  readonly metrics: string;
  /** For a person. */
  readonly say: (text: string) => void;
  /** Told once, when everything answers. */
  readonly ready: (instance: Instance) => void;
}

/** Begins everything on this machine; resolves when it is ready. */
export async function bringUp(settings: Settings, things: Stack, plan: UpPlan): Promise<readonly Running[]> {
  const { paths, log } = settings;
  if (plan.simulated === 0) needsRoot();
  const lock = takeLock(
    paths.lock,
    `${paths.dir} is in use by another 'slipway up': end that one, or name another --data.`,
  );
  writeHolder(paths.holder, process.pid);
  things.push({
    stop: async () => {
      removeHolder(paths.holder);
      lock.release();
    },
  });
  const server = await temporalServer(paths.dir, settings.temporal, noticed(log, plan));
  things.push(server);
  plan.say(`Temporal: ${server.source}`);

  const store = openStore(paths.store);
  things.push({ stop: () => store.close() });
  const engine = things.push(await connectEngine(settings, server.address, plan.metrics));
  const { services, jobs, pools } = composeCore(settings, store, await engine.nearby(), openAccounts(settings, store));
  await keepConfiguredTokens(store, settings.config.api.authentication.tokens);
  await keepAdministrators(store, settings.config.accounts);
  const driver = plan.simulated > 0 ? 'sim' : 'local';
  const { fresh, token } = await prepareInTurn(store, services, { paths, driver });
  if (fresh) plan.say(`First start: ${paths.dir} is prepared`);

  const ports = rememberedPorts(paths.ports);
  const listen = await ports.choose('--listen', settings.listen);
  const metadata = await (settings.metadataAsked ? ports.choose : ports.prefer)('--metadata', settings.metadata);
  const parts: Running[] = [{ name: 'Temporal server', ended: server.ended, stop: server.stop }];
  const keep = (begun: readonly Running[]): void => void parts.push(...begun.map((part) => things.push(part)));

  const nodes = await driversOf(settings, things, plan, metadata.port);
  const begun = await Promise.all([
    startControl({ settings, store, jobs, engine, pools }),
    ...[...nodes].map(([name, drivers]) => startNode({ settings, store, jobs, engine, name, drivers })),
  ]);
  // Each waits for the engine to hear of its end, and all at once if that hangs.
  things.together(begun);
  parts.push(...begun.flat());
  const moreMetrics = () => fetchText(`http://${plan.metrics}/metrics`);
  // Chosen last: nobody else takes it meanwhile.
  const vmpooler = settings.vmpooler
    ? await ports.choose('--vmpooler', settings.vmpooler)
    : await ports.prefer('--vmpooler', VMPOOLER_DEFAULT);
  keep(await startApi({ settings, store, services, engine, listen, metadata, vmpooler, moreMetrics }));

  const scheme = settings.config.api.ssl.enabled ? 'https' : 'http';
  const instance = {
    api: `${scheme}://${authority(listen)}`,
    vmpooler: `${scheme}://${authority(vmpooler)}`,
    temporal: server.address,
    temporalUi: server.ui,
    token,
    data: paths.dir,
    pid: process.pid,
  };
  writeInstance(paths.instance, instance);
  things.push({ stop: async () => removeInstance(paths.instance) });
  plan.say(`API: ${instance.api}/api/v1 (documents: ${instance.api}/docs)`);
  plan.say(`vmpooler: ${instance.vmpooler}/api/v1`);
  plan.ready(instance);
  return parts;
}

/** What becomes of the Temporal server, for whoever reads the log and for a person. */
const noticed = (log: Settings['log'], { say }: UpPlan): Notices => ({
  gone: () => log.warn('the Temporal server was gone'),
  failed: (err, againMs) => {
    log.error({ err, againMs }, 'the Temporal server cannot be started again');
    say(`${err instanceof Error ? err.message : err} Trying again in ${againMs / 1_000} s.`);
  },
  back: () => log.info('the Temporal server runs again'),
});

async function driversOf(
  settings: Settings,
  things: Stack,
  { simulated, stepMs }: UpPlan,
  metadataPort: number,
): Promise<ReadonlyMap<NodeName, NodeDrivers>> {
  const real = { name: settings.nodeName as NodeName, stepMs: null, metadataPort };
  const plans = simulated === 0 ? [real] : simulatedNodes(simulated).map((name) => ({ ...real, name, stepMs }));
  const drivers = new Map<NodeName, NodeDrivers>();
  for (const plan of plans) drivers.set(plan.name, await takeNode(settings, things, plan));
  return drivers;
}

const simulatedNodes = (count: number): readonly NodeName[] =>
  Array.from({ length: count }, (_, index) => `hv${index + 1}` as NodeName);

async function fetchText(url: string): Promise<string> {
  return (await fetch(url)).text();
}
