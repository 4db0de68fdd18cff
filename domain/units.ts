/** Whole mebibytes (2^20 bytes): the one size unit inside the core. Dialects convert at the edge. */
export type MiB = number & { readonly unit: 'MiB' };

/** Throws RangeError for anything but a whole, positive count. */
export function mib(n: number): MiB {
  if (!Number.isSafeInteger(n) || n <= 0) throw new RangeError(`not a whole, positive MiB count: ${n}`);
  return n as MiB;
}

/** PVC's "GB" are gibibytes (manual: multiples of 1024 throughout). */
export const gibToMib = (gib: number): MiB => mib(gib * 1024);

export const mibToBytes = (size: MiB): number => size * 1024 * 1024;
