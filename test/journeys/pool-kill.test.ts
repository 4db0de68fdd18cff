import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Api } from '../../cli/client/api.ts';
import { type Kill, lost, report, withEachVictim } from './kill-lab.ts';
import { createVm, deleteVm, follow } from './task.ts';

/** By the process that works on them, and those that have ended. */
interface Tasks {
  readonly active: Readonly<Record<string, readonly TaskLine[]>>;
  readonly finished: readonly TaskLine[];
}

interface TaskLine {
  readonly id: string;
  readonly task_name: string;
  readonly state: string;
  readonly task_id?: string;
}

interface PoolLine {
  readonly ready: number;
  readonly pending: number;
  readonly running: number;
}

/** What is being deleted is gone after this. */
const EVENTUALLY = { timeout: 60_000, interval: 100 };
const POOLER = '/vmpooler/api/v1';

/** A client of the pool `ci`, by vmpooler's API and by the native one. */
function poolClient(api: Api, known: Set<string>) {
  /** Asked until it answers, since it is killed, too. */
  const pooler = async (method: string, path: string): Promise<unknown> => {
    for (;;) {
      try {
        const answer = await fetch(`${api.url}${POOLER}${path}`, { method });
        if (answer.status < 500) return await answer.json();
      } catch {
        // Nobody listens yet.
      }
      await pause(50);
    }
  };
  const pool = async () => ((await api.get('/pool/ci')) as PoolLine[])[0] ?? expect.unreachable();
  return {
    pool,
    take: async () => ((await pooler('POST', '/vm/ci?wait=60')) as { ci: { hostname: string } }).ci.hostname,
    giveBack: (name: string) => pooler('DELETE', `/vm/${name}`),
    full: async (size: number) => {
      for (;;) {
        const { ready, pending } = await pool();
        if (ready === size && pending === 0) return;
        await pause(100);
      }
    },
    /** A task of this kind that is not among the known ones; waited for. */
    nextTask: async (kind: string) => {
      for (;;) {
        const { active, finished } = (await api.get('/tasks', { finished: true, limit: 50 })) as Tasks;
        const found = [...Object.values(active).flat(), ...finished].find(
          (task) => task.task_name === kind && !known.has(idOf(task)),
        );
        if (found) {
          known.add(idOf(found));
          return idOf(found);
        }
        await pause(50);
      }
    },
    change: async (path: string) => ((await api.post(path)) as { task_id: string }).task_id,
  };
}

const idOf = (task: TaskLine): string => task.task_id ?? task.id;

it('keeps a pool full, and finishes what was asked for its VMs, whatever is killed at whichever step', {
  timeout: 900_000,
}, async () => {
  const struck = await withEachVictim(async (victim, { api, killAt, world }) => {
    // The network of a first VM stays on its node.
    const first = [await createVm(api, 'first', 'empty')];
    await follow(api, first[0] ?? '');
    first.push(await deleteVm(api, 'first'));
    await follow(api, first[1] ?? '');
    const untouched = world();

    const { take, giveBack, full, nextTask, change, pool } = poolClient(api, new Set(first));
    await api.post('/pool', { name: 'ci', profile: 'empty', size: 1 });
    const { total } = await follow(api, await nextTask('provisioner.create'));
    await full(1);

    const kills: Kill[] = [];
    // Each refill after a checkout, each deletion of what is given back.
    for (let step = 0; step <= total; step += 1) {
      const name = await take();
      kills.push(await killAt(victim, 'refill', await nextTask('provisioner.create'), step));
      await giveBack(name);
      kills.push(await killAt(victim, 'deletion', await nextTask('vm.delete'), step));
      await full(1);
    }
    const name = await take();
    for (let step = 0; step <= 2; step += 1) {
      kills.push(await killAt(victim, 'snapshot', await change(`/vm/${name}/snapshot?snapshot_name=s${step}`), step));
      await kills.at(-1)?.ended;
      kills.push(await killAt(victim, 'revert', await change(`/vm/${name}/snapshot/s${step}/revert`), step));
      await kills.at(-1)?.ended;
    }
    await giveBack(name);
    await nextTask('vm.delete');
    const failed = await lost(kills);
    if (failed.length > 0) return { kills, failed };

    await full(1);
    expect(await pool()).toMatchObject({ ready: 1, pending: 0, running: 0 });
    await api.delete('/pool/ci');
    await expect.poll(() => api.get('/vm'), EVENTUALLY).toEqual([]);
    await expect.poll(world, EVENTUALLY).toEqual(untouched);
    return { kills, failed };
  });
  expect(report('of a pool', struck)).toEqual([]);
});
