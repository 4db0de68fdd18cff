import { openStore } from '../../store/open.ts';
import { site } from '../../test/dialects/vmpooler/site.ts';

/* node bench/bare/status-server.ts FILE: what an API process serves of VM pools' statistics, over this store. */

const { origin } = await site(openStore(process.argv[2] ?? ''));
process.stdout.write(`${origin}\n`);
