const last = new Map<string, Promise<unknown>>();

/** Runs `work` after every earlier call with the same key has settled, so that looking and changing cannot be interleaved within this process. */
export function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const mine = (last.get(key) ?? Promise.resolve()).then(work, work);
  last.set(key, mine);
  const forget = (): void => {
    if (last.get(key) === mine) last.delete(key);
  };
  mine.then(forget, forget);
  return mine;
}
