import { connect } from 'node:net';
import type { PoolProbe } from '../domain/pool-keeper.ts';
import { currentAttempt } from './attempt.ts';
import type { HostDeps } from './host-deps.ts';

/** How long a guest may take to accept a connection (vmpooler's figure). */
const ANSWER_MS = 5_000;

export const probeActivities = ({ hypervisor }: Pick<HostDeps, 'hypervisor'>) => ({
  /** Whether the guest runs and, where it can be connected to, accepts a TCP connection on the port within 5 s. */
  probeGuest: async ({ vm, ip, port }: Pick<PoolProbe, 'vm' | 'ip' | 'port'>): Promise<boolean> => {
    const runs = (await hypervisor.list()).some((domain) => domain.vm === vm && domain.running);
    return runs && (!hypervisor.traits.connects || (await accepts(ip, port, currentAttempt().signal)));
  },
});

function accepts(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      if (signal.aborted) reject(error);
      else resolve(false);
    });
  });
}
