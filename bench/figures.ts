/** The value below which `share` (0 to 1) of them are. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Milliseconds that a piece of work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Runs `count` works with at most `inFlight` at a time; returns how many were done per second. */
export async function rate(
  count: number,
  inFlight: number,
  work: (index: number) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  const took = await timed(() => Promise.all(Array.from({ length: inFlight }, lane)));
  return (count * 1000) / took;
}

/** One line of a report. */
export const row = (what: string, value: string): void => void process.stdout.write(`${what.padEnd(58)} ${value}\n`);

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
