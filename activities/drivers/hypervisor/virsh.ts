import { internal } from '../../../domain/fault.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { Run, RunOptions, RunResult } from '../run.ts';
import type { DomainStatus } from './driver.ts';

/** One libvirt, by its URI. */
export interface Virsh {
  readonly call: (args: readonly string[], options?: RunOptions) => Promise<RunResult>;
  /** All domains, by one connection. */
  readonly list: () => Promise<readonly DomainStatus[]>;
  readonly find: (vm: VmId) => Promise<DomainStatus | undefined>;
  /** Whether it does not run, or is not there at all. */
  readonly isOff: (vm: VmId) => Promise<boolean>;
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

const LISTED = /^([0-9a-f-]{36})\s+(-|\d+)\s+(.+?)\s*$/;

/** Speaks to the libvirt at `uri` through virsh. */
export function virsh(uri: string, run: Run): Virsh {
  // One that a hanging libvirtd keeps waiting would act by itself, some day, for nobody.
  const call: Virsh['call'] = (args, options) =>
    run(['virsh', '-q', '-c', uri, ...args], { ...options, diesWithUs: true });
  const list: Virsh['list'] = async () => {
    return fromListing((await call(['list', '--all', '--uuid', '--id', '--name'])).stdout);
  };
  const find: Virsh['find'] = async (vm) => (await list()).find((domain) => domain.vm === vm);
  return {
    call,
    list,
    find,
    isOff: async (vm) => (await find(vm))?.running !== true,
    attain: async (vm, args, wanted) => {
      try {
        await call(args);
      } catch (failure) {
        if (!wanted(await find(vm))) throw failure;
      }
    },
  };
}

/** Reads a line a domain: its uuid, its id while it runs (else '-'), its name. */
export function fromListing(text: string): readonly DomainStatus[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, vm, id, name] = LISTED.exec(line) ?? [];
      if (vm === undefined || name === undefined) throw internal(`virsh lists a domain as '${line}'.`);
      return { vm: vm as VmId, name, running: id !== '-' };
    });
}
