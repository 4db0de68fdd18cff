import { expect } from 'vitest';
import { changed, has, type Row, T } from './row.ts';

const texts = (kind: string, collection: string, known: string): Row[] => [
  { route: `GET ${collection}`, body: expect.arrayContaining([has({ name: known, [kind]: expect.any(String) })]) },
  {
    route: `POST ${collection}`,
    values: { name: 'fresh', data: 'a: 1\n' },
    body: changed('fresh'),
    bad: [
      [{ name: [] }, 'name'],
      [{ data: [] }, 'data'],
      [{ name: known }, known],
    ],
  },
  {
    route: `PUT ${collection}`,
    values: { name: known, data: 'b: 2\n' },
    body: changed(known),
    bad: [
      [{ data: [] }, 'data'],
      [{ name: 'nope' }, 'nope'],
    ],
  },
  {
    route: `GET ${collection}/:name`,
    path: `${collection}/${known}`,
    body: [has({ name: known })],
    missing: `${collection}/nope`,
  },
  {
    route: `POST ${collection}/:name`,
    path: `${collection}/fresh`,
    values: { data: 'x' },
    body: changed('fresh'),
    bad: [[{ data: [] }, 'data']],
  },
  {
    route: `PUT ${collection}/:name`,
    path: `${collection}/${known}`,
    values: { data: 'x' },
    body: changed(known),
    bad: [[{ data: [] }, 'data']],
  },
  {
    route: `DELETE ${collection}/:name`,
    path: `${collection}/spare-${kind}`,
    body: changed(`spare-${kind}`),
    missing: `${collection}/nope`,
  },
];

/** User-data and scripts. */
export const TEXT_ROWS: readonly Row[] = [
  ...texts('userdata', '/provisioner/userdata', 'ud'),
  ...texts('userdata', `${T}/userdata`, 'ud'),
  ...texts('script', '/provisioner/script', 'sc'),
];
