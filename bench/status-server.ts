import { openLog } from '../cli/log.ts';
import { openStore } from '../store/open.ts';
import { site } from '../test/dialects/vmpooler/site.ts';

/* node bench/status-server.ts FILE: what an API process serves of VM pools' statistics, over this store. */

const { origin } = await site(
  openStore(process.argv[2] ?? ''),
  0,
  openLog({ process: 'api', debug: false, file: `${process.argv[2]}.log` }),
);
process.stdout.write(`${origin}\n`);
