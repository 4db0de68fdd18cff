/** Runs at most `size` works at once; the others wait in the order they came, until their signal is aborted. */
export type Slots = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

export function slots(size: number): Slots {
  let free = size;
  const waiting: (() => void)[] = [];

  const take = (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(turn), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(turn);
    });
  };

  const give = (): void => {
    const next = waiting.shift();
    // The slot goes from hand to hand: nobody can come in between.
    if (next) next();
    else free += 1;
  };

  return async (signal, work) => {
    await take(signal);
    try {
      return await work();
    } finally {
      give();
    }
  };
}
