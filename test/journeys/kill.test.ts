import { expect, it } from 'vitest';
import { type Kill, lost, report, withEachVictim } from './kill-lab.ts';
import { createVm, deleteVm, follow } from './task.ts';

it('finishes every task, whichever process is killed at whichever step', { timeout: 900_000 }, async () => {
  const struck = await withEachVictim(async (victim, { api, killAt, world }) => {
    /** Steps of a task that nobody disturbs. */
    const stepsOf = async (id: string): Promise<number> => {
      const { state, total, status } = await follow(api, id);
      expect(state, status).toBe('SUCCESS');
      return total;
    };
    const creation = await stepsOf(await createVm(api, 'first', 'debian-12'));
    const deletion = await stepsOf(await deleteVm(api, 'first'));
    const untouched = world();

    const creations: Kill[] = [];
    const names: string[] = [];
    for (let step = 0; step <= creation; step += 1) {
      names.push(`vm${step}`);
      creations.push(await killAt(victim, 'create', await createVm(api, `vm${step}`, 'debian-12'), step));
    }
    const failed = [...(await lost(creations))];
    const vms = (await api.get('/vm')) as { name: string; state: string }[];
    const running = vms.filter(({ state }) => state === 'start').map(({ name }) => name);

    const deletions: Kill[] = [];
    const left = vms.map(({ name }) => name);
    for (let step = 0; step <= deletion; step += 1)
      deletions.push(await killAt(victim, 'delete', await deleteVm(api, left.shift() ?? ''), step));
    await Promise.all(left.map(async (name) => follow(api, await deleteVm(api, name))));
    failed.push(...(await lost(deletions)));
    const kills = [...creations, ...deletions];
    if (failed.length > 0) return { kills, failed };

    expect(running.sort()).toEqual(names.sort());
    expect(await api.get('/vm')).toEqual([]);
    expect(world()).toEqual(untouched);
    return { kills, failed };
  });
  expect(report('of tasks', struck)).toEqual([]);
});
