import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlActivities } from '../../../activities/control.ts';
import { storeControlPlane } from '../../../activities/control-plane.ts';
import type { TaskEvent } from '../../../api/core/task.ts';
import type { TaskId } from '../../../domain/ids.ts';
import type { Principal } from '../../../domain/principal.ts';
import { openStore } from '../../../store/open.ts';
import { ADMIN, type Cluster, cluster, request } from './cluster.ts';

let c: Cluster;
let id: TaskId;
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1');
  await c.profile();
  id = (await c.services.provisioner.create(ADMIN, request())).id;
  await c.settled();
});
afterEach(() => c.close());

const OTHER: Principal = { account: 'o', tenant: 'other', role: 'user' };
async function all(events: AsyncIterable<TaskEvent>): Promise<readonly TaskEvent[]> {
  const told: TaskEvent[] = [];
  for await (const event of events) told.push(event);
  return told;
}
const soon = () => AbortSignal.timeout(5_000);

it('tells of every step and line as they are written, and ends with the task', async () => {
  const [control, plane] = [controlActivities(c.store), storeControlPlane(c.store)];
  const told: string[] = [];
  const word = (event: TaskEvent): string =>
    event.type === 'log' ? `${event.seq} ${event.line.text}` : `${event.task.state} ${event.task.status}`;
  const next: Record<string, () => Promise<unknown>> = {
    'PENDING Accepted.': () => control.beginTask(id, 2),
    'RUNNING Accepted.': () => plane.progress(id, { current: 1, total: 2, status: 'install' }),
    'RUNNING install': () => plane.appendLog(id, [{ at: 1, step: 'install', text: 'line' }]),
    '1 line': () => control.finishTask(id, { state: 'SUCCESS', status: 'Done.', error: null }),
  };
  for await (const event of c.services.tasks.events(ADMIN, id, 0, soon())) {
    told.push(word(event));
    await next[word(event)]?.();
  }
  expect(told).toEqual([...Object.keys(next), 'SUCCESS Done.']);
  expect((await all(c.services.tasks.events(ADMIN, id, 1, soon()))).map(word)).toEqual(['SUCCESS Done.']);
});

it('is woken by what another connection commits', async () => {
  const other = openStore(c.file);
  const waiting = c.services.tasks.ended(ADMIN, id, soon());
  await controlActivities(other).finishTask(id, { state: 'REVOKED', status: 'Undone.', error: null });
  expect(await waiting).toMatchObject({ state: 'REVOKED' });
  await other.close();
});

it('stops telling when nobody listens', async () => {
  const controller = new AbortController();
  const events = c.services.tasks.events(ADMIN, id, 0, controller.signal);
  for await (const _ of events) controller.abort();
  await expect(c.services.tasks.ended(ADMIN, id, controller.signal)).rejects.toThrow();
});

it('cancels once, and what has ended stays as it is', async () => {
  expect(await c.services.tasks.cancel(ADMIN, id)).toMatchObject({ cancelRequested: true });
  await c.settled();
  await c.services.tasks.cancel(ADMIN, id);
  await c.settled();
  expect(c.jobs.cancelled).toEqual([id]);
  await controlActivities(c.store).finishTask(id, { state: 'REVOKED', status: 'Undone.', error: null });
  expect(await c.services.tasks.cancel(ADMIN, id)).toMatchObject({ state: 'REVOKED' });
  expect(c.jobs.cancelled).toEqual([id]);
});

it('lists the newest first, those of the asker alone', async () => {
  const second = (await c.services.provisioner.create(ADMIN, request({ name: 'web2' }))).id;
  await controlActivities(c.store).finishTask(id, { state: 'FAILURE', status: 'no', error: 'no' });
  const ids = async (who: Principal, active: boolean, limit = 9) =>
    (await c.services.tasks.list(who, { active, limit })).map((task) => task.id);
  expect(new Set(await ids(ADMIN, false))).toEqual(new Set([id, second]));
  expect(await ids(ADMIN, true)).toEqual([second]);
  expect(await ids(ADMIN, false, 1)).toHaveLength(1);
  expect(await ids(OTHER, false)).toEqual([]);
});

it.each<[string, (who: Principal) => unknown]>([
  ['get', (who) => c.services.tasks.get(who, id)],
  ['log', (who) => c.services.tasks.log(who, id)],
  ['cancel', (who) => c.services.tasks.cancel(who, id)],
  ['events', (who) => all(c.services.tasks.events(who, id, 0, soon()))],
  ['ended', (who) => c.services.tasks.ended(who, id, soon())],
])('%s: others know of no such task', async (_, ask) => {
  await expect(ask(OTHER)).rejects.toMatchObject({ fault: { kind: 'not-found', ref: id } });
});
