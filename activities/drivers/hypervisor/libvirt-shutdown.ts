import type { VmId } from '../../../domain/ids.ts';
import type { HypervisorDriver } from './driver.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Virsh } from './virsh.ts';

/** After this long, a guest that could not be told to shut down is none that was dying just then. */
const DYING_MS = 2_000;

/** Presses the power button of one libvirt's guests. */
export function libvirtShutdown(
  { attain, find }: Pick<Virsh, 'attain' | 'find'>,
  until: Lifecycle['until'],
): HypervisorDriver['shutdown'] {
  const off = async (vm: VmId): Promise<boolean> => (await find(vm))?.running !== true;
  const press = (vm: VmId, signal: AbortSignal): Promise<void> =>
    attain(vm, ['shutdown', vm, '--mode', 'acpi'], (domain) => !domain?.running).catch((failure) =>
      // One that dies while it is told to is listed as running for a moment more.
      until(() => off(vm), AbortSignal.any([signal, AbortSignal.timeout(DYING_MS)])).catch(() => {
        throw failure;
      }),
    );

  return async (vm, graceMs, signal) => {
    const pressed = new AbortController();
    const grace = AbortSignal.timeout(graceMs);
    const over = AbortSignal.any([signal, grace, pressed.signal]);
    const waited = until(() => off(vm), over);
    try {
      await Promise.all([waited, press(vm, over)]);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!grace.aborted) throw error;
      return off(vm);
    } finally {
      pressed.abort();
    }
  };
}
