import { openStore } from '../../store/open.ts';
import { insertStoragePool } from '../../store/storage-pool.ts';

/** A process that opens the store and makes as many commits as it is told, each with a row of its own. */
process.once('message', async ({ file, commits, tag }: { file: string; commits: number; tag: string }) => {
  const store = openStore(file);
  for (let n = 0; n < commits; n += 1)
    await store.write((tx) => insertStoragePool(tx, { name: `${tag}-${n}`, driver: 'sim', config: {} }));
  await store.close();
  process.send?.('done', () => process.disconnect());
});
process.send?.('ready');
