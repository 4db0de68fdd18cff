import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RESERVED_MIB } from '../../../../domain/node.ts';
import { mib } from '../../../../domain/units.ts';
import { insertNetwork } from '../../../../store/network.ts';
import { ADMIN, type Cluster, cluster, NETWORK } from '../cluster.ts';
import type { Outcomes } from './creator.ts';

const ROOM_FOR = 12;
const NAMES = Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? `same${i}` : `vm${i}`));

let c: Cluster;
let children: ChildProcess[] = [];
beforeEach(async () => {
  c = await cluster();
  await c.node('hv1', { memoryUsed: 0, facts: { memory: mib(RESERVED_MIB + ROOM_FOR * 512 + 100) } });
  const ip4 = { network: '10.2.0.0/24', gateway: '10.2.0.1', dhcp: { start: '10.2.0.2', end: '10.2.0.200' } };
  await c.store.write((tx) => insertNetwork(tx, { ...NETWORK, vni: 200 as never, description: 'wide', ip4 }));
  await c.profile({ networks: [200], macTemplate: undefined });
});
afterEach(async () => {
  for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
  children = [];
  await c.close();
});

async function race(names: readonly (readonly string[])[]): Promise<readonly Outcomes[]> {
  children = names.map(() => fork(new URL('./creator.ts', import.meta.url), { stdio: 'inherit' }));
  await Promise.all(children.map((child) => once(child, 'message')));
  return Promise.all(
    children.map(async (child, index) => {
      child.send({ file: c.file, names: names[index] });
      const [outcomes] = await once(child, 'message');
      await once(child, 'exit');
      return outcomes as Outcomes;
    }),
  );
}

it('never gives two processes the same name, address or memory', async () => {
  const [one, two] = await race([NAMES, [...NAMES].reverse()]);
  const accepted = (outcomes: Outcomes | undefined) =>
    Object.entries(outcomes ?? {}).filter(([, outcome]) => outcome.length === 36);
  const tasks = new Set([...accepted(one), ...accepted(two)].map(([, id]) => id));
  const vms = await c.services.vms.list(ADMIN);
  expect(tasks.size).toBe(ROOM_FOR);
  expect(vms.map((vm) => vm.state)).toEqual(Array(ROOM_FOR).fill('provisioning'));
  expect(new Set(vms.flatMap((vm) => vm.nics.map((nic) => nic.mac))).size).toBe(ROOM_FOR);
  expect(new Set(vms.flatMap((vm) => vm.nics.map((nic) => nic.ip))).size).toBe(ROOM_FOR);
  const both = [...accepted(one), ...accepted(two)].map(([name]) => name);
  // Only the key makes a second request for a name the same one.
  expect(both.filter((name, index) => both.indexOf(name) !== index && !name.startsWith('same'))).toEqual([]);
  for (const { name } of vms.filter((vm) => vm.name.startsWith('same'))) expect(one?.[name]).toBe(two?.[name]);
  const refusals = [one, two].flatMap((outcomes) => Object.values(outcomes ?? {}).filter((o) => o.length !== 36));
  expect(new Set(refusals)).toEqual(new Set(['exists', 'no-capacity']));
});
