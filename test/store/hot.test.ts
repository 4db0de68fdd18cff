import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TaskId } from '../../domain/ids.ts';
import { findGuest, findGuestByAddress } from '../../store/guest.ts';
import { hot } from '../../store/hot.ts';
import { advanceTask, findTask, insertTask, updateTask } from '../../store/task.ts';
import { ADMIN, type Cluster, cluster, request } from '../api/core/cluster.ts';
import { connectionOf } from './scratch.ts';

let c: Cluster;
beforeEach(async () => {
  c = await cluster();
});
afterEach(() => c.close());

it('prepares once per connection', async () => {
  let prepared = 0;
  const statement = hot((db) => {
    prepared += 1;
    return { db };
  });
  expect(statement(c.store.read)).toBe(statement(c.store.read));
  await c.store.write(async (tx) => {
    expect(statement(tx)).not.toBe(statement(c.store.read));
    expect(statement(tx).db).toBe(tx);
  });
  await c.store.write(async (tx) => void statement(tx));
  expect(prepared).toBe(2);
});

it('finds a guest by its address in one query by an index, with every interface', async () => {
  await c.node('hv1');
  await c.profile({ networks: [100, 100], macTemplate: '{prefix}:aa:0{vmid}:0{netid}' });
  await c.services.provisioner.create(ADMIN, request({ args: ['suite=a=b'] }));
  const queries: string[] = [];
  const connection = connectionOf(c.store.read);
  const { prepare } = connection;
  connection.prepare = ((text: string) => {
    queries.push(text);
    return prepare.call(connection, text);
  }) as typeof prepare;
  const guest = await findGuestByAddress(c.store.read, '10.1.0.11');
  connection.prepare = prepare;
  expect(guest).toMatchObject({ name: 'web1', profile: 'web', args: { suite: 'a=b' }, node: 'hv1' });
  expect(guest?.nics).toMatchObject([
    { mac: '52:54:00:aa:01:00', ip: '10.1.0.10', gateway: '10.1.0.1', dhcp: true },
    { mac: '52:54:00:aa:01:01', ip: '10.1.0.11' },
  ]);
  expect(await findGuest(c.store.read, guest!.id)).toEqual(guest);
  expect(await findGuestByAddress(c.store.read, '10.1.0.12')).toBeUndefined();
  expect(queries).toHaveLength(1);
  const plan = connection.prepare(`EXPLAIN QUERY PLAN ${queries[0]}`).all('10.1.0.11', 'deleting') as {
    detail: string;
  }[];
  expect(plan.map(({ detail }) => detail).join('\n')).toMatch(/SEARCH asker USING (COVERING )?INDEX nic_by_ip/);
  expect(plan.filter(({ detail }) => detail.startsWith('SCAN'))).toEqual([]);
});

it('never moves a task backwards, nor one that has ended', async () => {
  const id = '00000000-0000-4000-8000-000000000001' as TaskId;
  await c.store.write(async (tx) => {
    await insertTask(tx, {
      ...{ id, kind: 'vm.stop', target: 'a', tenant: 't', account: 'a', runOn: 'n', input: {} },
      workflowStarted: true,
    });
  });
  const advance = async (current: number) => {
    await c.store.write((tx) => advanceTask(tx, id, { current, total: 9, status: `step ${current}` }));
    return (await findTask(c.store.read, id))?.status;
  };
  expect(await advance(3)).toBe('step 3');
  expect(await advance(2)).toBe('step 3');
  expect(await advance(3)).toBe('step 3');
  expect(await advance(4)).toBe('step 4');
  await c.store.write((tx) => updateTask(tx, id, { state: 'SUCCESS' }));
  expect(await advance(5)).toBe('step 4');
});
