/** Taking away what is gone, in use, or not ours, fails with one of these. */
const LEFT = ['ENOENT', 'ENOTEMPTY', 'EBUSY', 'EACCES', 'EPERM', 'EROFS'];

/** What the act gives; nothing where what it is about is not there, in use or not ours. */
export function unlessInUse<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!LEFT.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return undefined;
  }
}
