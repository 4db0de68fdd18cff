import { setTimeout as pause } from 'node:timers/promises';
import type { HypervisorDriver } from '../../activities/drivers/hypervisor/driver.ts';
import type { NetworkDriver } from '../../activities/drivers/network/driver.ts';
import type { StorageDriver } from '../../activities/drivers/storage/driver.ts';
import type { ControlPlane } from '../../domain/control-plane.ts';
import type { NodeName, VmId } from '../../domain/ids.ts';
import { KEEPALIVE_MS } from '../../domain/node.ts';
import type { Logger } from '../log.ts';
import { followConsoles } from './console-follower.ts';
import type { Running } from './running.ts';

export interface AgentDeps {
  readonly name: NodeName;
  readonly hypervisor: HypervisorDriver;
  readonly network: NetworkDriver;
  /** Names of the storage pools there are. */
  readonly pools: () => Promise<readonly string[]>;
  readonly storage: (pool: string) => Promise<StorageDriver>;
  readonly controlPlane: ControlPlane;
  /** How many creations the node is to work on at once. */
  readonly creations: number;
  readonly log: Logger;
  /** Between two looks at what has to go on; KEEPALIVE_MS unless told. */
  readonly beatMs?: number;
}

/** What a node does besides the work it is given. */
export interface Agent extends Running {
  /** Its console is followed from now on. */
  readonly started: (vm: VmId) => void;
}

/** Makes the node known, restores its networks and follows its consoles; resolves when the control plane knows the node. */
export async function startAgent(deps: AgentDeps): Promise<Agent> {
  const { name, hypervisor, controlPlane, log } = deps;
  const stopping = new AbortController();
  const consoles = followConsoles({
    path: hypervisor.consolePath,
    resume: controlPlane.resumeConsole,
    append: controlPlane.appendConsole,
    warn: (error, vm) => log.warn({ err: error, vm }, 'a part of a console log was not kept'),
  });
  await keepAlive(deps);
  // Also of those that are off: their last words may have come while nobody followed.
  for (const domain of await hypervisor.list()) consoles.follow(domain.vm);
  const restored = restoreNetworks(deps);
  const beats = Promise.all([
    // A node that cannot be asked is one that the control plane has to take for dead: it hears nothing.
    beat(() => keepAlive(deps), 'no keepalive', deps, stopping.signal),
    beat(() => keepNetworks(deps), 'networks without DHCP and DNS', deps, stopping.signal),
  ]);
  return {
    name: `agent of ${name}`,
    ended: beats.then(() => undefined),
    started: consoles.follow,
    stop: async () => {
      stopping.abort();
      await Promise.all([beats, restored]);
      await consoles.stop();
    },
  };
}

/** Works every few seconds until the signal; what fails is said, and tried again. */
async function beat(
  work: () => Promise<void>,
  failed: string,
  { name, log, beatMs = KEEPALIVE_MS }: Pick<AgentDeps, 'name' | 'log' | 'beatMs'>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(beatMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await work().catch((error: unknown) => log.warn({ err: error, node: name }, failed));
  }
}

async function keepAlive({ name, hypervisor, controlPlane, pools, storage, creations }: AgentDeps): Promise<void> {
  const askedAt = Date.now();
  const [found, usage, domains, names] = await Promise.all([
    hypervisor.facts(),
    hypervisor.usage(),
    hypervisor.list(),
    pools(),
  ]);
  const running = domains.filter((domain) => domain.running).map((domain) => domain.vm);
  const capacities = await Promise.all(
    names.map(async (pool) => ({ name: pool, ...(await (await storage(pool)).capacity()) })),
  );
  const facts = { ...found, creations };
  await controlPlane.keepalive({ name, facts, ...usage, askedAt, running, pools: capacities });
}

/** What serves a network is nobody's child, since it outlives its node's process, and a firewall's restart flushes all tables: that is seen by looking. */
async function keepNetworks({ name, network, log }: AgentDeps): Promise<void> {
  for (const vni of await network.keep())
    log.warn({ node: name, vni }, "the network's dnsmasq or its nftables tables were gone: they are made again");
}

/** What the node's VMs are on has to be there after a reboot; one network that cannot be does not keep the node away. */
async function restoreNetworks({ name, network, controlPlane, log }: AgentDeps): Promise<void> {
  for (const vni of await controlPlane.networksOf(name)) {
    try {
      await network.ensure(await controlPlane.network(vni));
    } catch (error) {
      log.error({ err: error, node: name, vni }, 'a network of this node cannot be made');
    }
  }
}
