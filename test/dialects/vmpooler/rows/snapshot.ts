import { failing, OK, type Row, says, token } from './row.ts';

const snapshot = '{snapshot}';
const change = (ask: string): readonly Row[] => [
  { ask, status: 401 },
  { ask, token: 'nope', status: 401 },
  { ask, token: 'asmith', status: 403, answer: says('somebody else') },
  { ask: ask.replace('{mine}', 'nope'), token: 'jdoe', status: 404 },
  { ask: ask.replace('{mine}', 'nope'), status: 401 },
  { ask: ask.replace('{mine}', '{ready}'), token: 'jdoe', status: 403, answer: says('not checked out') },
];
export const SNAPSHOT_ROWS: readonly Row[] = [
  { ask: 'POST /vm/{mine}/snapshot', token: 'jdoe', status: 202, answer: { ok: true, '{mine}': { snapshot: token } } },
  {
    ask: 'POST /vm/{mine}.company.com/snapshot/',
    token: 'boss',
    status: 202,
    answer: { ok: true, '{mine}.company.com': { snapshot: token } },
  },
  {
    ask: 'POST /vm/{mine}/snapshot?name=after',
    token: 'jdoe',
    status: 202,
    answer: { ok: true, '{mine}': { snapshot: token } },
  },
  { ask: 'POST /vm/{mine}/snapshot?name=before', token: 'jdoe', status: 409, answer: says("'before'") },
  { ask: 'POST /vm/{mine}/snapshot?name=a%20b', token: 'jdoe', status: 400, answer: says('name') },
  ...change('POST /vm/{mine}/snapshot'),
  { ask: `POST /vm/{mine}/snapshot/${snapshot}`, token: 'jdoe', status: 202, answer: OK },
  { ask: 'POST /vm/{mine}/snapshot/before', token: 'jdoe', status: 202, answer: OK },
  { ask: 'POST /vm/{mine}/snapshot/pending', token: 'jdoe', status: 404, reason: 'snapshot' },
  { ask: 'POST /vm/{mine}/snapshot/nope', token: 'jdoe', status: 404, reason: 'snapshot' },
  ...change(`POST /vm/{mine}/snapshot/${snapshot}`),
  { ask: `DELETE /vm/{mine}/snapshot/${snapshot}`, token: 'jdoe', status: 202, answer: OK },
  { ask: 'DELETE /vm/{mine}/snapshot/nope', token: 'jdoe', status: 404 },
  ...change(`DELETE /vm/{mine}/snapshot/${snapshot}`),
  { ask: 'POST /vm/{mine}/disk/8', token: 'jdoe', status: 202, answer: { ok: true, '{mine}': { disk: '+8gb' } } },
  ...['0', '-1', '8abc', 'x', '1.5'].map(
    (size): Row => ({ ask: `POST /vm/{mine}/disk/${size}`, token: 'jdoe', status: 404, reason: 'size' }),
  ),
  { ask: 'POST /vm/{mine}/disk/2049', token: 'jdoe', status: 400, answer: says('2049 GB are more than 2048 GB') },
  ...change('POST /vm/{mine}/disk/8'),
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{"disk":8}', status: 200, answer: OK },
  { ask: 'PUT /vm/{mine}', token: 'jdoe', body: '{"disk":"8"}', status: 200, answer: OK },
  ...['0', '"x"', '1.5', '2049', 'null'].map(
    (size): Row => ({
      ask: 'PUT /vm/{mine}',
      token: 'jdoe',
      body: `{"disk":${size}}`,
      status: 400,
      answer: failing('disk size'),
    }),
  ),
];
