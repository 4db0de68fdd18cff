import { expect } from 'vitest';
import type { Row } from './row.ts';

const anObject = expect.any(Object);
/** Their figures are held to the formulas where these are. */
export const STATUS_ROWS: readonly Row[] = [
  {
    ask: 'GET /status',
    status: 200,
    answer: expect.objectContaining({
      capacity: anObject,
      clone: anObject,
      pools: anObject,
      queue: anObject,
      status: anObject,
    }),
  },
  { ask: 'GET /status?view=queue', status: 200, answer: { queue: anObject, status: anObject } },
  { ask: 'GET /summary', status: 200, answer: { boot: anObject, clone: anObject, tag: anObject, daily: [anObject] } },
  { ask: 'GET /summary?from=nonsense', status: 400, answer: anObject },
  { ask: 'GET /summary/boot', status: 200, answer: anObject },
  { ask: 'GET /summary/boot/count', status: 200, answer: anObject },
  { ask: 'GET /summary/nope', status: 404 },
  { ask: 'GET /poolstat?pool=debian', status: 200, answer: { pools: anObject } },
  { ask: 'GET /totalrunning', status: 200, answer: { running: 4 } },
];
