import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotId, VmId } from '../../../domain/ids.ts';
import type { DomainSpec } from '../../../domain/plan.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { stateFiles } from '../state-files.ts';
import type { DomainStatus } from './driver.ts';

export interface SimDomain {
  readonly vm: VmId;
  readonly name: string;
  readonly memoryMiB: number;
  readonly xml: string;
  readonly spec: DomainSpec;
  /** What its guest had when each was made. */
  readonly snapshots: Readonly<Record<SnapshotId, Pick<SimDomain, 'spec' | 'xml' | 'bootsAt'>>>;
  readonly running: boolean;
  /** Epoch milliseconds at which its cloud-init ends; null once the console says so, or while it is off. */
  readonly bootsAt: number | null;
}

/** One for all simulated hypervisors of this process, by a domain's file. */
const inTurn = oneAtATime<string>();

/** The simulated hypervisor's domains and their consoles, as files under `dir`. */
export function simDomains(dir: string, stepMs: number) {
  const domains = stateFiles<SimDomain>(join(dir, 'domains'));
  const stateFile = (vm: VmId): string => join(dir, 'domains', `${vm}.json`);
  const consolePath = (vm: VmId): string => join(dir, 'consoles', `${vm}.log`);

  // In turn, or what one has read would undo what another writes: a guest that was just ended would run again.
  const alone = <T>(vm: VmId, work: () => Promise<T>): Promise<T> => inTurn(stateFile(vm), work);
  const change = (vm: VmId, to: Partial<SimDomain>): Promise<void> =>
    alone(vm, async () => {
      const now = await domains.find(vm);
      if (now) await domains.put(vm, { ...now, ...to });
    });
  const drop = (vm: VmId): Promise<void> =>
    alone(vm, async () => {
      await domains.drop(vm);
      await rm(consolePath(vm), { force: true });
    });
  const write = async (vm: VmId, text: string): Promise<void> => {
    await mkdir(join(dir, 'consoles'), { recursive: true });
    await appendFile(consolePath(vm), text);
  };
  /** Ends a boot whose time has come, whichever process began it. */
  const settleBoot = (vm: VmId): Promise<void> =>
    alone(vm, async () => {
      const now = await domains.find(vm);
      if (!now?.running || now.bootsAt === null || now.bootsAt > Date.now()) return;
      await write(vm, bootEnds(now.name, stepMs));
      await domains.put(vm, { ...now, bootsAt: null });
    });
  const status = async (vm: VmId): Promise<DomainStatus | undefined> => {
    await settleBoot(vm);
    const now = await domains.find(vm);
    return now && { vm, name: now.name, running: now.running };
  };
  const list = async (): Promise<readonly DomainStatus[]> => {
    const all = await Promise.all((await domains.keys()).map((vm) => status(vm as VmId)));
    return all.filter((domain) => domain !== undefined);
  };
  return { domains, stateFile, consolePath, alone, drop, change, write, settleBoot, status, list };
}

export type SimDomains = ReturnType<typeof simDomains>;

/** What the console of a guest that starts shows at once. */
export const bootBegins = (name: string): string =>
  [
    '[    0.000000] Linux version 6.1.0-simulated (slipway) #1 SMP',
    '[    0.000000] Command line: root=/dev/sda console=ttyS0',
    `[    1.204117] systemd[1]: Hostname set to <${name}>.`,
    '[  OK  ] Reached target network.target - Network.',
    '',
  ].join('\r\n');

function bootEnds(name: string, tookMs: number): string {
  const now = new Date().toUTCString();
  return [
    `Cloud-init v. 22.4.2 running 'modules:final' at ${now}. Up ${(tookMs / 1000).toFixed(2)} seconds.`,
    `Cloud-init v. 22.4.2 finished at ${now}. Datasource DataSourceEc2Local.  Up ${(tookMs / 1000).toFixed(2)} seconds`,
    '',
    `${name} login: `,
  ].join('\r\n');
}
