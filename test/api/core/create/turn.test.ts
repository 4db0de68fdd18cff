import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ControlActivities, controlActivities } from '../../../../activities/control.ts';
import { settleLost } from '../../../../api/core/lost.ts';
import type { CreateVm } from '../../../../domain/plan.ts';
import { workflowId } from '../../../../domain/task.ts';
import { ADMIN, type Cluster, cluster, inputOf, request } from '../cluster.ts';

let c: Cluster;
let control: ControlActivities;
beforeEach(async () => {
  c = await cluster();
  control = controlActivities(c.store);
  await c.node('hv1', { facts: { creations: 2 } });
  await c.profile({ disks: [], networks: [] });
});
afterEach(() => c.close());

const accepted = async (name: string): Promise<CreateVm> => {
  const { id } = await c.services.provisioner.create(ADMIN, request({ name }));
  return inputOf(c.store, id);
};
const four = async () => [await accepted('a'), await accepted('b'), await accepted('c'), await accepted('d')] as const;
const pass = ({ vm, node }: CreateVm) => control.passTurn(vm, node);
const take = async ({ vm, node }: CreateVm) => (await control.takeTurn(vm, node)).mine;

it('lets as many creations go as the node takes, and the others in the order they came', async () => {
  const [a, b, third, d] = await four();
  expect(await Promise.all([a, b, third, d].map((one) => control.beginCreation(one, 1)))).toEqual([
    'go',
    'go',
    'wait',
    'wait',
  ]);
  expect(await take(third)).toBe(false);
  expect(await pass(a)).toEqual([workflowId(third.task)]);
  // Nobody has heard of it yet: whoever told it may have died.
  expect(await pass(a)).toEqual([workflowId(third.task)]);
  expect([await take(third), await take(d)]).toEqual([true, false]);
  expect(await pass(a)).toEqual([]);
  expect(await control.beginCreation(third, 1)).toBe('go');
  await control.recordVm(b.vm, 'running', null);
  expect(await pass(b)).toEqual([workflowId(d.task)]);
});

it('tells those whose turn has come when another one asks', async () => {
  const [a, , third, d] = await four();
  await control.recordVm(a.vm, 'running', null);
  expect(await control.takeTurn(d.vm, d.node)).toEqual({ mine: false, called: [workflowId(third.task)] });
  expect(await control.beginCreation(third, 1)).toBe('go');
  expect(await control.takeTurn(d.vm, d.node)).toEqual({ mine: false, called: [] });
});

it('gives the turn of one that was released, failed or lost to the next, also if nobody told that', async () => {
  const [a, b, third, d] = await four();
  await control.release(a.vm);
  expect(await take(third)).toBe(true);
  await c.settled();
  c.jobs.fates.set(b.task, 'terminated');
  await settleLost(c.store, c.jobs, -1);
  expect(await take(d)).toBe(true);
});

it('waits for nobody on a node that tells no number, and on another node', async () => {
  await four();
  await c.node('hv2');
  const elsewhere = await accepted('e');
  expect(elsewhere.node).toBe('hv2');
  expect(await control.beginCreation(elsewhere, 1)).toBe('go');
  await c.node('hv1');
  for (const name of ['f', 'g', 'h', 'i']) expect(await control.beginCreation(await accepted(name), 1)).toBe('go');
});
