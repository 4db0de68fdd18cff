import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Kill, type KillLab, killLab, lost, VICTIMS } from './kill-lab.ts';
import { createVm, deleteVm, follow } from './task.ts';

let lab: KillLab;
beforeAll(async () => {
  lab = await killLab();
});
afterAll(() => lab.end());

/** Steps of a task that nobody disturbs. */
async function stepsOf(id: string): Promise<number> {
  const { state, total, status } = await follow(lab.api, id);
  expect(state, status).toBe('SUCCESS');
  return total;
}

it('finishes every task, whichever process is killed at whichever step', { timeout: 900_000 }, async () => {
  const { api, killAt, world } = lab;
  const creation = await stepsOf(await createVm(api, 'first', 'debian-12'));
  const deletion = await stepsOf(await deleteVm(api, 'first'));
  const untouched = world();

  const creations: Kill[] = [];
  const names: string[] = [];
  for (const victim of VICTIMS) {
    for (let step = 0; step <= creation; step += 1) {
      const name = `${victim}-${step}`;
      names.push(name);
      creations.push(await killAt(victim, 'create', await createVm(api, name, 'debian-12'), step));
    }
  }
  const failed = [...(await lost(creations))];
  const vms = (await api.get('/vm')) as { name: string; state: string }[];

  const deletions: Kill[] = [];
  const left = vms.map(({ name }) => name);
  for (const victim of VICTIMS) {
    for (let step = 0; step <= deletion; step += 1)
      deletions.push(await killAt(victim, 'delete', await deleteVm(api, left.shift() ?? ''), step));
  }
  await Promise.all(left.map(async (name) => follow(api, await deleteVm(api, name))));
  failed.push(...(await lost(deletions)));

  const kills = creations.length + deletions.length;
  process.stdout.write(`${kills} kills, ${kills - failed.length} survived\n`);
  expect(failed).toEqual([]);
  expect(
    vms
      .filter(({ state }) => state === 'start')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(names.sort());
  expect(await api.get('/vm')).toEqual([]);
  expect(world()).toEqual(untouched);
});
