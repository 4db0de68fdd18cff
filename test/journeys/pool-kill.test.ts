import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Kill, type KillLab, killLab, lost, VICTIMS } from './kill-lab.ts';
import { follow } from './task.ts';

let lab: KillLab;
beforeAll(async () => {
  lab = await killLab();
});
afterAll(() => lab.end());

/** By the process that works on them, and those that have ended. */
interface Tasks {
  readonly active: Readonly<Record<string, readonly TaskLine[]>>;
  readonly finished: readonly TaskLine[];
}

interface TaskLine {
  readonly id: string;
  readonly task_name: string;
  readonly state: string;
}

const POOLER = '/vmpooler/api/v1';

/** vmpooler's API beside the native one; asked until it answers, since it is killed, too. */
async function pooler(method: string, path: string): Promise<Record<string, never>> {
  for (;;) {
    try {
      const answer = await fetch(`${lab.api.url}${POOLER}${path}`, { method });
      if (answer.status < 500) return (await answer.json()) as Record<string, never>;
    } catch {
      // Nobody listens yet.
    }
    await pause(50);
  }
}

const pool = async () =>
  ((await lab.api.get('/pool/ci')) as { ready: number; pending: number; running: number }[])[0] ?? expect.unreachable();

/** A task of this kind that is not among those known; waited for. */
async function nextTask(kind: string, known: Set<string>): Promise<string> {
  for (;;) {
    const { active, finished } = (await lab.api.get('/tasks', { finished: true, limit: 50 })) as Tasks;
    const found = [...Object.values(active).flat(), ...finished].find(
      (task) => task.task_name === kind && !known.has(idOf(task)),
    );
    if (found) {
      known.add(idOf(found));
      return idOf(found);
    }
    await pause(50);
  }
}

const idOf = (task: TaskLine & { task_id?: string }): string => task.task_id ?? task.id;

async function full(size: number): Promise<void> {
  for (;;) {
    const { ready, pending } = await pool();
    if (ready === size && pending === 0) return;
    await pause(100);
  }
}

async function take(): Promise<string> {
  const answer = (await pooler('POST', '/vm/ci?wait=60')) as unknown as { ci: { hostname: string } };
  return answer.ci.hostname;
}

it('keeps a pool full, and finishes what was asked for its VMs, whatever is killed at whichever step', {
  timeout: 900_000,
}, async () => {
  const { api, killAt, world } = lab;
  const untouched = world();
  await api.post('/pool', { name: 'ci', profile: 'empty', size: 1 });
  const known = new Set<string>();
  const stepsOf = async (id: string): Promise<number> => (await follow(api, id)).total;
  const creation = await stepsOf(await nextTask('provisioner.create', known));
  await full(1);

  const kills: Kill[] = [];
  const change = async (path: string, method: 'post' | 'delete' = 'post'): Promise<string> =>
    ((await api[method](path)) as { task_id: string }).task_id;
  for (const victim of VICTIMS) {
    // Each refill after a checkout, each deletion of what is given back.
    for (let step = 0; step <= creation; step += 1) {
      const name = await take();
      kills.push(await killAt(victim, 'refill', await nextTask('provisioner.create', known), step));
      await pooler('DELETE', `/vm/${name}`);
      kills.push(await killAt(victim, 'deletion', await nextTask('vm.delete', known), step));
      await full(1);
    }
    const name = await take();
    for (let step = 0; step <= 2; step += 1) {
      kills.push(await killAt(victim, 'snapshot', await change(`/vm/${name}/snapshot?snapshot_name=s${step}`), step));
      await kills.at(-1)?.ended;
      kills.push(await killAt(victim, 'revert', await change(`/vm/${name}/snapshot/s${step}/revert`), step));
      await kills.at(-1)?.ended;
    }
    await pooler('DELETE', `/vm/${name}`);
    await nextTask('vm.delete', known);
  }
  const failed = await lost(kills);
  process.stdout.write(`${kills.length} kills of a pool, ${kills.length - failed.length} survived\n`);
  expect(failed).toEqual([]);
  await full(1);
  expect(await pool()).toMatchObject({ ready: 1, pending: 0, running: 0 });

  await api.delete('/pool/ci');
  while (((await api.get('/vm')) as unknown[]).length > 0) await pause(100);
  while (world().length > untouched.length) await pause(100);
  expect(world()).toEqual(untouched);
});
