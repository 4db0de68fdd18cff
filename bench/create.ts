import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Api } from '../cli/client/api.ts';
import type { Progress } from '../cli/client/progress-line.ts';
import { watchTask } from '../cli/client/task.ts';
import { dataDir, up } from '../test/journeys/installation.ts';
import { bareEngine } from './bare/engine.ts';
import { secondOfDebootstrap } from './create-debootstrap.ts';
import { realCreations } from './create-real.ts';
import { ms, quantile, rate, row, timed } from './figures.ts';

/*
 * node bench/create.ts [sim|real|debootstrap]
 *
 * What a creation costs: over simulated nodes beside the bare engine's rate for as many activities; as root, a clone beside the
 * same commands in a shell script (real), and a second VM of the debootstrap profile beside plain debootstrap. Prints figures and
 * ratios; fails only if a creation fails.
 */

const IN_FLIGHT = [1, 10, 50] as const;
const PER_LEVEL = { 1: 20, 10: 60, 50: 150 } as const;
const POSTS = 200;

const nothing = (): void => undefined;
const silent: Progress = { show: nothing, note: nothing, end: nothing };

/** Resolves with the task's id. */
async function create(api: Api, name: string, profile: string): Promise<string> {
  const { task_id } = (await api.post('/provisioner/create', { name, profile })) as { task_id: string };
  const task = await watchTask(api, task_id, new AbortController().signal, silent);
  if (task.state !== 'SUCCESS') throw new Error(`creation of ${name}: ${task.status}`);
  return task_id;
}

/** How long a POST takes to answer: by itself, or while what the others began goes on. */
async function posts(api: Api, what: string, alone: boolean): Promise<void> {
  const took: number[] = [];
  for (let index = 0; index < POSTS; index += 1) {
    const name = `p${alone ? 'a' : 'b'}${index}`;
    let task = '';
    took.push(
      await timed(async () => {
        const answer = await api.post('/provisioner/create', { name, profile: 'empty', start_vm: 'no' });
        task = (answer as { task_id: string }).task_id;
      }),
    );
    if (alone) await watchTask(api, task, new AbortController().signal, silent);
  }
  row(`  POST /provisioner/create ${what}: p50, p99`, `${ms(quantile(took, 0.5))}  ${ms(quantile(took, 0.99))}`);
}

async function simulated(): Promise<void> {
  const data = dataDir();
  const config = join(data.dir, 'slipway.yaml');
  // What the platform costs is asked, not how long creations wait for their turn.
  writeFileSync(config, 'node: { concurrent_creations: 64 }\n');
  const running = await up(data.dir, '--sim=4', '--config', config);
  const { api, instance } = running;
  const bare = await bareEngine(instance.temporal);
  try {
    const warm = await create(api, 'warm', 'empty');
    const activities = await bare.activitiesOf(`task:${warm}`);
    await bare.run(activities);
    process.stdout.write(`Simulated nodes: one creation is ${activities} activities\n`);
    for (const inFlight of IN_FLIGHT) {
      const count = PER_LEVEL[inFlight];
      const engine = await rate(count, inFlight, () => bare.run(activities));
      const platform = await rate(count, inFlight, (index) => create(api, `s${inFlight}-${index}`, 'empty'));
      row(
        `  ${inFlight} in flight: creations/s, bare engine/s, ratio`,
        `${platform.toFixed(1)}  ${engine.toFixed(1)}  ${(platform / engine).toFixed(2)}`,
      );
    }
    await posts(api, 'alone', true);
    await posts(api, 'with the creations of all before', false);
  } finally {
    await bare.stop();
    await running.end();
    data.remove();
  }
}

const [, , part = 'all'] = process.argv;
const isAsked = (name: string): boolean => part === 'all' || part === name;
const root = process.getuid?.() === 0;
if (isAsked('sim')) await simulated();
if (root && isAsked('real')) await realCreations(create);
if (root && isAsked('debootstrap')) await secondOfDebootstrap(create);
