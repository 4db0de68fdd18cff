import { pathsOf } from '../../../cli/paths.ts';
import { prepareInTurn } from '../../../cli/process/first-start.ts';
import { openStore } from '../../../store/open.ts';
import { coreOver, recordingJobs } from '../../api/core/cluster.ts';

/** A process that starts on the directory it is told, as `slipway api` does, and says how that went. */
process.once('message', async (dir: string) => {
  const paths = pathsOf(dir);
  const store = openStore(paths.store);
  const services = coreOver(store, recordingJobs(), { warn: () => undefined });
  const outcome = await prepareInTurn(store, services, { paths, driver: null }).catch((error: unknown) => `${error}`);
  await store.close();
  process.send?.(outcome, () => process.disconnect());
});
process.send?.('ready');
