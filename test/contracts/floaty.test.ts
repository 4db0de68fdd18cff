import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fixture, makeFixture, type Pooler, pooler } from '../dialects/vmpooler/world.ts';
import { absentOf } from './missing.ts';

const run = promisify(execFile);
const hasLibrary = (): boolean => spawnSync('ruby', ['-e', 'require "faraday"']).status === 0;
const absent = absentOf(['ruby']) ?? (hasLibrary() ? undefined : 'no ruby-faraday');

describe.skipIf(absent !== undefined)(
  `the HTTP library of vmpooler's command line client${absent ? ` (${absent})` : ''}`,
  () => {
    let fixture: Fixture;
    let at: Pooler;
    beforeAll(async () => {
      fixture = await makeFixture();
      at = await pooler(fixture);
    });
    afterAll(async () => {
      await at.close();
      fixture.remove();
    });

    it.each(['', '/api/v1'])('gets what the client reads, at %s/', async (prefix) => {
      const { asmith = '' } = fixture.names;
      const pool = 'debian-7-i386';
      const args = [`${at.alone}${prefix}`, asmith, pool, 'someone', 'secret'];
      const { stdout } = await run('ruby', [join(import.meta.dirname, 'floaty.rb'), ...args]);
      // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a body
      const read = (line: string) => JSON.parse(line) as [string, number, any];
      const lines = stdout.trim().split('\n').map(read);
      const bodies = Object.fromEntries(lines.map(([what, , body]) => [what, body]));
      expect(lines.map(([what, status]) => `${what} ${status}`)).toEqual([
        ...['list 200', 'token get 200', 'token status 200', 'get 200', 'modify 200', 'query 200', 'list active 200'],
        ...['ondemand 201', 'status 200', 'summary 200', 'delete 200', 'delete again 404', 'get nothing 404'],
        'token delete 200',
      ]);
      expect(bodies.list).toContain(pool);
      expect(Object.keys(bodies.get)).toEqual(['ok', pool, 'domain']);
      const { hostname } = bodies.get[pool];
      const changed = { template: pool, lifetime: 3, state: 'running', tags: { project: 'floaty' } };
      expect(bodies.query[hostname[0]]).toMatchObject(changed);
      expect(bodies['list active'][asmith].vms.running).toEqual(expect.arrayContaining(hostname));
      const figures = { ready: expect.any(Number), pending: expect.any(Number), max: 6 };
      expect(bodies.status.pools[pool]).toMatchObject(figures);
    });
  },
);
