import { afterAll, beforeAll, expect, it } from 'vitest';
import { dayOf } from '../../../store/pool-day.ts';
import { insertHistory } from '../../../store/pool-history.ts';
import { updatePool } from '../../../store/vm-pool.ts';
import { seedDurations, seedEntries, seedPool } from '../../pool-rows.ts';
import { scratch } from '../../store/scratch.ts';
import { type Site, site } from './site.ts';

let s: ReturnType<typeof scratch>;
let at: Site;
beforeAll(async () => {
  s = scratch();
  const store = s.open();
  await store.write(async (tx) => {
    await seedPool(tx, { name: 'debian-7-i386', size: 2, aliases: ['debian-7-32'] });
    await seedPool(tx, { name: 'debian-7-x86_64', size: 1, aliases: ['a', 'b'] });
    await seedPool(tx, { name: 'ondemand', size: 0 });
    await seedEntries(tx, 'debian-7-i386', 'ready', 2);
    await seedEntries(tx, 'debian-7-i386', 'running', 3);
    await seedEntries(tx, 'debian-7-x86_64', 'pending', 1);
    await seedEntries(tx, 'debian-7-x86_64', 'destroyed', 1);
    await seedDurations(tx, 'debian-7-i386', 'clone', [2.79, 69.764]);
    await updatePool(tx, 'debian-7-i386', { lastReadyAt: Date.now() });
    await updatePool(tx, 'debian-7-x86_64', { failures: 3, lastError: 'no room', failedAt: 1_000, retryAt: 9_000 });
    const minute = Date.now() - (Date.now() % 60_000);
    const row = { pool: 'debian-7-i386', size: 2 };
    await insertHistory(tx, [
      { ...row, at: minute - 180_000, ready: 1, running: 4 },
      { ...row, at: minute - 60_000, ready: 2, running: 3 },
    ]);
  });
  at = await site(store);
});
afterAll(async () => {
  await at.stop();
  await s.close();
});

const get = async (path: string) => {
  const response = await fetch(`${at.origin}${path}`, { redirect: 'manual' });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
};

it('answers /status as vmpooler does, and why a pool is not full', async () => {
  const { status, headers, text, json } = await get('/status');
  expect(status).toBe(200);
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  const none = { duration: { average: 0, min: 0, max: 0, total: 0 }, count: { total: 0 } };
  expect(json()).toEqual({
    boot: none,
    capacity: { current: 2, total: 3, percent: 66.7 },
    clone: { duration: { average: 36.3, min: 2.79, max: 69.76, total: 72.55 }, count: { total: 2 } },
    pools: {
      'debian-7-i386': {
        ...{ ready: 2, running: 3, pending: 0, max: 2, state: 'ok', alias: 'debian-7-32' },
        lastBoot: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}$/),
      },
      'debian-7-x86_64': {
        ...{ ready: 0, running: 0, pending: 1, max: 1, lastBoot: '', alias: ['a', 'b'] },
        ...{ state: 'backing-off', failures: 3, lastError: 'no room' },
        failedAt: expect.any(String),
        retryAt: expect.any(String),
      },
      ondemand: { ready: 0, running: 0, pending: 0, max: 0, lastBoot: '', state: 'ok' },
    },
    queue: { pending: 1, cloning: 1, booting: 0, ready: 2, running: 3, completed: 0, total: 6 },
    status: { ok: false, message: 'Found 1 empty pools.', empty: ['debian-7-x86_64'], uptime: expect.any(Number) },
  });
  expect(text.startsWith('{\n  "boot": {\n')).toBe(true);
  expect(Object.keys(json())).toEqual(['boot', 'capacity', 'clone', 'pools', 'queue', 'status']);
});

it.each([
  ['?view=capacity,queue', ['capacity', 'queue', 'status']],
  ['?view=pools&view=boot', ['boot', 'pools', 'status']],
  ['?view=nonsense', ['status']],
  ['?view=', ['status']],
  ['?view', ['boot', 'capacity', 'clone', 'pools', 'queue', 'status']],
  ['?view&view=queue', ['queue', 'status']],
  ['?other=1', ['boot', 'capacity', 'clone', 'pools', 'queue', 'status']],
])('shows the sections of /status%s', async (query, keys) => {
  expect(Object.keys((await get(`/status${query}`)).json())).toEqual(keys);
});

it.each([
  ['?pool=debian-7-i386', { 'debian-7-i386': { max: 2, alias: 'debian-7-32', ready: 2 } }],
  ['?pool=b,nonsense', { 'debian-7-x86_64': { max: 1, alias: ['a', 'b'], ready: 0 } }],
  ['?pool=nonsense', {}],
  ['', {}],
])('finds pools by name and alias: /poolstat%s', async (query, pools) => {
  expect((await get(`/poolstat${query}`)).json()).toEqual({ pools });
});

it('counts what is checked out', async () => {
  expect((await get('/totalrunning')).json()).toEqual({ running: 3 });
});

const today = dayOf(Date.now());
const DURATION = { average: 36.3, min: 2.79, max: 69.76, total: 72.55 };
const POOL = { 'debian-7-i386': DURATION };

it('summarizes a span of days, overall and day by day, with pools where there were any', async () => {
  const { json } = await get(`/summary?from=${dayOf(Date.now() - 86_400_000)}`);
  const none = { duration: { average: 0, min: 0, max: 0, total: 0 }, count: { total: 0 } };
  const clone = {
    duration: { ...DURATION, pool: POOL },
    count: { total: 2, pool: { 'debian-7-i386': { total: 2 } } },
  };
  const overall = { average: 1, min: 0, max: 2, total: 2 };
  expect(json()).toEqual({
    boot: { duration: none.duration, count: { average: 0, min: 0, max: 0, total: 0 } },
    clone: { duration: clone.duration, count: { ...overall, pool: { 'debian-7-i386': overall } } },
    tag: {},
    daily: [
      { date: expect.any(String), boot: none, clone: none, tag: {} },
      { date: today, boot: none, clone, tag: {} },
    ],
  });
});

it('picks sections and keys of the summary', async () => {
  expect((await get('/summary/clone/duration')).json()).toEqual({
    clone: { duration: { ...DURATION, pool: POOL } },
    daily: [{ date: today, clone: { duration: { ...DURATION, pool: POOL } } }],
  });
  expect(Object.keys((await get('/summary/boot')).json())).toEqual(['boot', 'daily']);
  expect((await get('/summary/tag/user')).json()).toEqual({ tag: {}, daily: [{ date: today, tag: {} }] });
});

it.each([
  ['/summary?from=2026-13-45', 400, "from: Invalid date '2026-13-45'"],
  ['/summary?from=yesterday', 400, 'must match YYYY-MM-DD'],
  ['/summary?from=2015-03-11&to=2015-03-10', 400, "'to' (2015-03-10) is before 'from' (2015-03-11)"],
  ['/summary?from=9999-01-01&to=9999-01-02', 400, 'is in the future'],
  ['/summary?to=2015-03-11', 400, 'since it was not given'],
  ['/summary?from=1970-01-01&from=1970-01-02', 400, 'from: '],
  ['/summary/other', 404, "'other'"],
  ['/summary/clone/other', 404, "'other'"],
])('refuses %s with %d', async (path, status, why) => {
  const answer = await get(path);
  expect(answer.status).toBe(status);
  expect(answer.json()).toEqual({ ok: false, message: expect.stringContaining(why) });
});

it("serves what vmpooler's own dashboard reads", async () => {
  expect((await get('/dashboard/stats/vmpooler/pool')).json()).toMatchObject({
    'debian-7-i386': { size: 2, ready: 2 },
    ondemand: { size: 0, ready: 0 },
  });
  const pools = (await get('/dashboard/stats/vmpooler/pool?history')).json();
  expect(pools['debian-7-i386'].history.slice(0, 3)).toEqual([1, 1, 2]);
  expect(pools.ondemand.history).toEqual([]);
  const running = (await get('/dashboard/stats/vmpooler/running?history')).json();
  expect(running).toMatchObject({ debian: { running: 3 }, ondemand: { running: 0 } });
  expect(running.debian.history.slice(0, 3)).toEqual([4, 4, 3]);
});

it('leads to the dashboard, and serves nothing but its parts', async () => {
  const root = await get('/');
  expect([root.status, root.headers.get('location')]).toEqual([302, '/dashboard/']);
  const page = await get('/dashboard/');
  expect(page.text).toContain('<title>Slipway</title>');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect((await get('/dashboard/main.js')).headers.get('content-type')).toMatch(/^text\/javascript/);
  for (const path of ['/dashboard/index.html', '/dashboard/..%2findex.html', '/dashboard/none.js'])
    expect((await get(path)).status).toBe(404);
});

it('tells Prometheus of pools, with histograms', async () => {
  const { text } = await get('/prometheus');
  const ofPools = (all: string) => all.split('\n').filter((line) => line.startsWith('slipway_vm_pool'));
  expect(ofPools((await get('/metrics')).text)).toEqual(ofPools(text));
  for (const line of [
    'slipway_vm_pool_ready{pool="debian-7-i386"} 2',
    'slipway_vm_pool_pending{pool="debian-7-x86_64"} 1',
    'slipway_vm_pool_running{pool="debian-7-i386"} 3',
    'slipway_vm_pool_completed{pool="ondemand"} 0',
    'slipway_vm_pool_size{pool="debian-7-i386"} 2',
    'slipway_vm_pool_destroyed_total{pool="debian-7-x86_64"} 1',
    '# TYPE slipway_vm_pool_clone_seconds histogram',
    'slipway_vm_pool_clone_seconds_bucket{le="10",pool="debian-7-i386"} 1',
    'slipway_vm_pool_clone_seconds_bucket{le="60",pool="debian-7-i386"} 1',
    'slipway_vm_pool_clone_seconds_bucket{le="90",pool="debian-7-i386"} 2',
    'slipway_vm_pool_clone_seconds_bucket{le="+Inf",pool="debian-7-i386"} 2',
    'slipway_vm_pool_clone_seconds_sum{pool="debian-7-i386"} 72.554',
    'slipway_vm_pool_clone_seconds_count{pool="debian-7-i386"} 2',
  ])
    expect(text.split('\n')).toContain(line);
  expect((await get('/healthcheck')).json()).toEqual({ ok: true });
});
