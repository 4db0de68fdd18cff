import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sim as simHypervisor } from '../../../activities/drivers/hypervisor/sim.ts';
import { sim as simNetwork } from '../../../activities/drivers/network/sim.ts';
import { sim as simStorage } from '../../../activities/drivers/storage/sim.ts';
import { type Agent, type AgentDeps, startAgent } from '../../../cli/process/agent.ts';
import type { ControlPlane } from '../../../domain/control-plane.ts';
import { notFound } from '../../../domain/fault.ts';
import type { NodeName, VmId, Vni } from '../../../domain/ids.ts';
import type { NodeReport } from '../../../domain/node.ts';
import { mib } from '../../../domain/units.ts';
import { aNetwork } from '../../contracts/network.ts';

/** On a machine that does other things, too. */
const PATIENT = { timeout: 10_000 };

let dir: string;
let agent: Agent | undefined;
let reports: NodeReport[];
let consoles: Map<VmId, string>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-agent-'));
  reports = [];
  consoles = new Map();
});
afterEach(async () => {
  await agent?.stop();
  rmSync(dir, { recursive: true });
});

/** What an agent tells, kept; networks 11 and 12 are its VMs', and 12 is gone. */
const controlPlane = {
  keepalive: async (report: NodeReport) => {
    reports.push(report);
  },
  resumeConsole: async (vm: VmId, text: string) => {
    if (text !== '') consoles.set(vm, text);
    return (consoles.get(vm) ?? '').length;
  },
  appendConsole: async (vm: VmId, offset: number, text: string) => {
    const known = consoles.get(vm) ?? '';
    consoles.set(vm, known + text.slice(known.length - offset));
  },
  networksOf: async () => [12, 11] as Vni[],
  network: async (vni: Vni) => {
    if (vni !== 11) throw notFound('network', `${vni}`);
    return aNetwork(vni);
  },
} as unknown as ControlPlane;

const hypervisor = () => simHypervisor({ dir: join(dir, 'hypervisor') });
const network = () => simNetwork({ dir: join(dir, 'network') });

const start = (change: Partial<AgentDeps> = {}): Promise<Agent> =>
  startAgent({
    name: 'hv1' as NodeName,
    hypervisor: hypervisor(),
    network: network(),
    pools: async () => ['vms'],
    storage: async () => simStorage({ dir: join(dir, 'pool'), stepMs: 0 }),
    controlPlane,
    creations: 4,
    log: pino({ level: 'silent' }),
    ...change,
  });

async function define(vm: string): Promise<VmId> {
  await hypervisor().define({
    vm: vm as VmId,
    name: vm,
    memory: mib(64),
    vcpus: 1,
    disks: [],
    nics: [],
    serial: true,
    vnc: null,
    seed: null,
    boot: null,
  });
  return vm as VmId;
}

it('makes its node known before it is there, and its networks, whichever of them cannot be', async () => {
  const vm = await define('web1');
  await hypervisor().start(vm);
  agent = await start();
  expect(reports).toMatchObject([{ name: 'hv1', running: [vm], pools: [{ name: 'vms' }] }]);
  await expect.poll(() => network().list(), PATIENT).toEqual([11]);
});

it('looks after its networks again and again, and says what was gone', async () => {
  const said: object[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(JSON.parse(line)) });
  let looks = 0;
  const keep = async (): Promise<readonly Vni[]> => {
    looks += 1;
    if (looks === 1) throw new Error('it does not start');
    return looks === 2 ? [11 as Vni] : [];
  };
  agent = await start({ beatMs: 1, log, network: { ...network(), keep } });
  await expect.poll(() => looks, PATIENT).toBeGreaterThan(3);
  await agent.stop();
  expect(said.filter((line) => !('vni' in line && line.vni === 12))).toMatchObject([
    { msg: 'networks without DHCP and DNS', err: { message: 'it does not start' } },
    { vni: 11, msg: "the network's dnsmasq or its nftables tables were gone: they are made again" },
  ]);
});

it('hands on consoles: of guests that it starts, and what those wrote that ran or ended without it', async () => {
  const [ended, runs, later] = [await define('ended'), await define('runs'), await define('later')];
  await hypervisor().start(ended);
  await hypervisor().stop(ended);
  await hypervisor().start(runs);
  agent = await start();
  await expect.poll(() => consoles.get(ended), PATIENT).toContain('ended login: ');
  await expect.poll(() => consoles.get(runs), PATIENT).toContain('runs login: ');
  await hypervisor().start(later);
  agent.started(later);
  await expect.poll(() => consoles.get(later), PATIENT).toContain('later login: ');
  const before = new Map(consoles);
  await agent.stop();
  agent = await start();
  agent.started(runs);
  await agent.stop();
  expect(consoles).toEqual(before);
});
