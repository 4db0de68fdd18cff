import { asc } from 'drizzle-orm';
import { pathsOf } from '../cli/paths.ts';
import { openStore } from '../store/open.ts';
import { poolEntries } from '../store/schema/vm-pool.ts';
import { findTask } from '../store/task.ts';
import { dataDir, up } from '../test/journeys/installation.ts';
import { bareEngine } from './bare/engine.ts';
import { ms, quantile, row, timed } from './figures.ts';

/*
 * node bench/refill.ts [CHECKOUTS]
 *
 * How long after a checkout its successor's clone begins, over a simulated node: until the keeper's transaction has accepted the
 * creation, and until the creation's workflow has begun. Beside a bare workflow of one activity on the same engine. Prints figures and
 * ratios; fails only if a checkout does.
 */

const [, , text = '40'] = process.argv;
const CHECKOUTS = Number(text);
const SIZE = 3;

const data = dataDir();
const running = await up(data.dir, '--sim=1', '--vmpooler', '127.0.0.1:0');
const store = openStore(pathsOf(data.dir).store);
const bare = await bareEngine(running.instance.temporal);
try {
  await bare.run(1);
  const engine: number[] = [];
  for (let index = 0; index < CHECKOUTS; index += 1) engine.push(await timed(() => bare.run(1)));

  await running.api.post('/pool', { name: 'ci', profile: 'empty', size: SIZE });
  const entries = () => store.read.select().from(poolEntries).orderBy(asc(poolEntries.number));
  const full = async (): Promise<void> => {
    for (;;) {
      const seen = store.changes.seen();
      if ((await entries()).filter(({ state }) => state === 'ready').length === SIZE) return;
      await store.changes.after(seen, AbortSignal.timeout(60_000));
    }
  };
  const [accepted, begun]: [number[], number[]] = [[], []];
  for (let index = 0; index < CHECKOUTS; index += 1) {
    await full();
    const answer = await fetch(`${running.instance.vmpooler}/vm/ci`, { method: 'POST' });
    const { ci } = (await answer.json()) as { ci: { hostname: string } };
    await full();
    const all = await entries();
    const taken = all.find(({ name }) => name === ci.hostname);
    const successor = all.at(-1);
    const task = successor && (await findTask(store.read, successor.task));
    if (!taken?.checkedOutAt || !task?.startedAt) throw new Error('a checkout has no successor');
    accepted.push(task.createdAt - taken.checkedOutAt);
    begun.push(task.startedAt - taken.checkedOutAt);
    await fetch(`${running.instance.vmpooler}/vm/${ci.hostname}`, { method: 'DELETE' });
  }
  const line = (what: string, took: readonly number[]): void =>
    row(`  ${what}: p50, p99`, `${ms(quantile(took, 0.5))}  ${ms(quantile(took, 0.99))}`);
  process.stdout.write(`${CHECKOUTS} checkouts, one at a time\n`);
  line('a bare workflow of one activity', engine);
  line('from checkout to the accepted clone', accepted);
  line('from checkout to the begun clone', begun);
  row('  accepted to bare, p50', (quantile(accepted, 0.5) / quantile(engine, 0.5)).toFixed(2));
} finally {
  await bare.stop();
  await store.close();
  await running.end();
  data.remove();
}
