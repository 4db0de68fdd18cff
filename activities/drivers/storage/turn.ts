import { oneAtATime } from '../one-at-a-time.ts';

/** One for all drivers of this process: looking at a pool's volumes and changing them cannot be interleaved. */
export const inTurn = oneAtATime<string>();
