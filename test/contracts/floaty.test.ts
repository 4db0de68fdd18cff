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
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, number, Record<string, never>]);
      const answers = new Map(lines.map(([what, , body]) => [what, body]));
      expect(lines.map(([what, status]) => `${what} ${status}`)).toEqual([
        ...['list 200', 'token get 200', 'token status 200', 'get 200', 'modify 200', 'query 200', 'list active 200'],
        ...['ondemand 201', 'status 200', 'summary 200', 'delete 200', 'delete again 404', 'get nothing 404'],
        'token delete 200',
      ]);
      expect(answers.get('list')).toContain(pool);
      expect(Object.keys(answers.get('get') ?? {})).toEqual(['ok', pool, 'domain']);
      const { hostname } = answers.get('get')?.[pool] as unknown as { hostname: string[] };
      const shown = answers.get('query')?.[`${hostname[0]}`];
      expect(shown).toMatchObject({ template: pool, lifetime: 3, state: 'running', tags: { project: 'floaty' } });
      const { vms } = answers.get('list active')?.[asmith] as unknown as { vms: { running: string[] } };
      expect(vms.running).toEqual(expect.arrayContaining(hostname));
      expect((answers.get('status')?.pools as unknown as Record<string, object>)[pool]).toMatchObject({
        ready: expect.any(Number),
        pending: expect.any(Number),
        max: 6,
      });
    });
  },
);
