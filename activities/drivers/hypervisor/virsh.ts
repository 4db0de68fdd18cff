import type { VmId } from '../../../domain/ids.ts';
import type { Run, RunOptions, RunResult } from '../run.ts';
import type { DomainStatus } from './driver.ts';

/** One libvirt, by its URI. */
export interface Virsh {
  readonly call: (args: readonly string[], options?: RunOptions) => Promise<RunResult>;
  /** All domains, by one connection. */
  readonly list: () => Promise<readonly DomainStatus[]>;
  readonly find: (vm: VmId) => Promise<DomainStatus | undefined>;
  /**
   * Runs a command that may turn out to be needless. virsh's exit status is 1 whatever went wrong, so a failure is judged
   * by a listing: success if that shows what was wanted, the failure otherwise.
   */
  readonly attain: (
    vm: VmId,
    args: readonly string[],
    wanted: (domain: DomainStatus | undefined) => boolean,
  ) => Promise<void>;
}

const BETWEEN = '--';

/** Speaks to the libvirt at `uri` through virsh. */
export function virsh(uri: string, run: Run): Virsh {
  const call: Virsh['call'] = (args, options) => run(['virsh', '-q', '-c', uri, ...args], options);
  const list: Virsh['list'] = async () => {
    const { stdout } = await call([`list --all --uuid --name; echo ${BETWEEN}; list --uuid`]);
    return fromListing(stdout);
  };
  const find: Virsh['find'] = async (vm) => (await list()).find((domain) => domain.vm === vm);
  return {
    call,
    list,
    find,
    attain: async (vm, args, wanted) => {
      try {
        await call(args);
      } catch (failure) {
        if (!wanted(await find(vm))) throw failure;
      }
    },
  };
}

/** Reads `uuid name` lines of all domains, a separator, and the uuids of those that run. */
export function fromListing(text: string): readonly DomainStatus[] {
  const lines = text.split('\n').map((line) => line.trim());
  const middle = lines.indexOf(BETWEEN);
  if (middle < 0) throw new Error('bug: a listing without its second half');
  const running = new Set(lines.slice(middle + 1));
  return lines
    .slice(0, middle)
    .map((line) => /^(\S+)\s+(.+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, uuid = '', name = '']) => ({ vm: uuid as VmId, name, running: running.has(uuid) }));
}
