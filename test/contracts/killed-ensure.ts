import { linux } from '../../activities/drivers/network/linux.ts';
import { type Run, run } from '../../activities/drivers/run.ts';
import { aNetwork, aNic } from './network.ts';

// node killed-ensure.ts DIR NAMESPACE N: makes network 31 with a guest, and is killed after its Nth command on that host.
const [dir = '', namespace = '', n = ''] = process.argv.slice(2);
let left = Number(n);

const mortal: Run = async (argv, options) => {
  const result = await run(['ip', 'netns', 'exec', namespace, ...argv], options);
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
  return result;
};

const driver = linux({ dir, run: mortal, metadataPort: 7371 });
await driver.ensure(aNetwork(31, { nat: true }));
await driver.ensureLease(aNic(31, 5));
