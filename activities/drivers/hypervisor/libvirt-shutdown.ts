import type { VmId } from '../../../domain/ids.ts';
import type { HypervisorDriver } from './driver.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Virsh } from './virsh.ts';

/** After this long, a guest that could not be told to shut down is none that was dying just then. */
const DYING_MS = 2_000;

/** Presses the power button of one libvirt's guests. */
export function libvirtShutdown(
  { attain, isOff }: Pick<Virsh, 'attain' | 'isOff'>,
  until: Lifecycle['until'],
): HypervisorDriver['shutdown'] {
  const press = (vm: VmId, signal: AbortSignal): Promise<void> =>
    attain(vm, ['shutdown', vm, '--mode', 'acpi'], (domain) => !domain?.running).catch((failure) =>
      // One that dies while it is told to is listed as running for a moment more.
      until(() => isOff(vm), AbortSignal.any([signal, AbortSignal.timeout(DYING_MS)])).catch(() => {
        throw failure;
      }),
    );

  return async (vm, graceMs, signal) => {
    const pressed = new AbortController();
    const grace = AbortSignal.timeout(graceMs);
    const over = AbortSignal.any([signal, grace, pressed.signal]);
    const waited = until(() => isOff(vm), over);
    try {
      await Promise.all([waited, press(vm, over)]);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      if (!grace.aborted) throw error;
      return isOff(vm);
    } finally {
      pressed.abort();
    }
  };
}
