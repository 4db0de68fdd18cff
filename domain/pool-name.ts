/** First letter, then letters and digits, like vmpooler's names of 2015. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const SYMBOLS = `${LETTERS}0123456789`;
const LENGTH = 15;
const SPACE = 26n * 36n ** BigInt(LENGTH - 1);
/** Shares no factor with the space, so that multiplying by it permutes the space. */
const STRIDE = 1_000_000_000_000_000_003n * 7_919n;
const OFFSET = 51_413_737_421_923n;

/**
 * The name of a pool's n-th VM: 15 characters, unlike every other's for as long as numbers are not used twice.
 * They look random, so that nobody takes one for its neighbour.
 */
export function poolVmName(prefix: string, n: number): string {
  let rest = (BigInt(n) * STRIDE + OFFSET) % SPACE;
  let text = '';
  for (let index = 1; index < LENGTH; index += 1) {
    text += SYMBOLS[Number(rest % 36n)];
    rest /= 36n;
  }
  return `${prefix}${LETTERS[Number(rest)]}${text}`;
}
