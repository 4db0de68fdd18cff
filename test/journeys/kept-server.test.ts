import { readFileSync } from 'node:fs';
import { rename, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type KeptServer, keptServer } from '../../cli/temporal/kept-server.ts';
import { findTemporal } from '../../cli/temporal/program.ts';
import { dataDir } from './installation.ts';

type Notice = 'gone' | 'back' | { readonly failed: string; readonly againMs: number };

let data: ReturnType<typeof dataDir>;
let program: string;
let server: KeptServer;
let told: Notice[];
let waiting: { readonly count: number; readonly resolve: () => void } | null;

beforeEach(async () => {
  data = dataDir();
  [told, waiting] = [[], null];
  const found = await findTemporal();
  program = join(data.dir, 'temporal');
  await symlink(found.path, program);
  const tell = (notice: Notice): void => {
    told.push(notice);
    if (waiting && told.length >= waiting.count) waiting.resolve();
  };
  server = await keptServer(
    join(data.dir, 'data'),
    { ...found, path: program },
    {
      gone: () => tell('gone'),
      failed: (reason, againMs) => tell({ failed: (reason as Error).message, againMs }),
      back: () => tell('back'),
    },
  );
});
afterEach(async () => {
  await server.stop();
  data.remove();
});

/** Resolves when so many notices were given. */
const notices = (count: number): Promise<void> =>
  new Promise((resolve) => {
    waiting = { count, resolve };
    if (told.length >= count) resolve();
  });

function killServer(): void {
  const record = JSON.parse(readFileSync(join(data.dir, 'data', 'temporal.json'), 'utf8')) as { readonly pid: number };
  process.kill(record.pid, 'SIGKILL');
}

const listening = (address: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const [host, port] = address.split(':');
    const other = createServer().once('error', reject);
    other.listen(Number(port), host, () => resolve(other));
  });

it('goes on trying, ever more slowly and saying why, while its program is gone, and starts when it is back', async () => {
  await rename(program, `${program}.away`);
  killServer();
  await notices(3);
  const failed = expect.stringMatching(/could not be run .*ENOENT/);
  expect(told).toEqual(['gone', { failed, againMs: 1_000 }, { failed, againMs: 2_000 }]);
  await rename(`${program}.away`, program);
  await notices(4);
  expect(told[3]).toBe('back');
  killServer();
  await notices(6);
  expect(told.slice(4)).toEqual(['gone', 'back']);
});

it('stops while there is nothing to stop', async () => {
  await rename(program, `${program}.away`);
  killServer();
  await notices(2);
  await server.stop();
  await expect(server.ended).resolves.toBeUndefined();
  expect(told).toHaveLength(2);
});

it('waits for its own address, which others know it by', async () => {
  await rename(program, `${program}.away`);
  killServer();
  await notices(2);
  const other = await listening(server.address);
  await rename(`${program}.away`, program);
  await notices(3);
  expect(told[2]).toMatchObject({ failed: expect.stringContaining(`${server.address} is taken`) });
  other.close();
  await notices(4);
  expect(told[3]).toBe('back');
});
