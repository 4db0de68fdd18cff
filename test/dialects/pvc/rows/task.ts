import { expect } from 'vitest';
import { ENDED, has, message, type Row, TASK } from './row.ts';

const task = has({ state: 'PENDING', current: 0, total: 1, status: 'Accepted.', task_id: TASK, task_name: 'vm.stop' });

/** Tasks. */
export const TASK_ROWS: readonly Row[] = [
  {
    route: 'GET /tasks',
    body: {
      active: {},
      reserved: { hv1: [{ id: TASK, name: 'vm.stop', args: [], kwargs: { target: 'web1', run_on: 'hv1' } }] },
      scheduled: {},
    },
    bad: [
      [{ finished: 'x' }, 'finished'],
      [{ limit: '0' }, 'limit'],
    ],
  },
  { route: 'GET /provisioner/status', body: has({ active: {}, scheduled: {} }) },
  { route: 'GET /tasks/:task', path: `/tasks/${TASK}`, body: task, missing: '/tasks/nope' },
  {
    route: 'GET /provisioner/status/:task',
    path: `/provisioner/status/${TASK}`,
    body: task,
    missing: '/provisioner/status/nope',
  },
  {
    route: 'DELETE /tasks/:task',
    path: `/tasks/${TASK}`,
    body: message('requested; vm.stop runs to its end'),
    missing: '/tasks/nope',
  },
  {
    route: 'GET /tasks/:task/log',
    path: `/tasks/${ENDED}/log`,
    body: has({ name: ENDED, data: 'line 1\nline 2' }),
    missing: '/tasks/nope/log',
  },
  {
    route: 'GET /tasks/:task/events',
    path: `/tasks/${ENDED}/events`,
    body: expect.stringMatching(/^id: 1\nevent: log\ndata: [^\n]*line 1.*event: task\ndata: \{[^\n]*SUCCESS/s),
    missing: '/tasks/nope/events',
  },
];
