import { connect, type Socket } from 'node:net';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fixture, makeFixture, type Pooler, pooler } from './world.ts';

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

const POOL = 'debian-7-i386';
const answered = (method: string, path: string) => fetch(`${at.alone}${path}`, { method });
const readyOf = async () => (await at.services.poolStats.status()).pools.find(({ name }) => name === POOL)?.ready;

/** Asked for on a connection of its own; the server has heard of it once it has answered another. */
async function asking(path: string): Promise<Socket> {
  const socket = connect(Number(new URL(at.alone).port), '127.0.0.1').on('error', () => undefined);
  await new Promise<void>((resolve) => socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, () => resolve()));
  await answered('GET', '/vm');
  return socket;
}

it.each(['reset', 'closed'])(
  'keeps a VM for others where a connection was %s while the store was busy',
  async (how) => {
    const before = await readyOf();
    expect(before).toBeGreaterThan(1);
    const other = new BetterSqlite3(at.file);
    other.exec('BEGIN IMMEDIATE');
    const sockets = [await asking(`/vm/${POOL}`), await asking(`/vm/${POOL}?wait=30`)];
    for (const socket of sockets) how === 'reset' ? socket.resetAndDestroy() : socket.destroy();
    await answered('GET', '/vm');
    other.exec('ROLLBACK');
    other.close();
    // Writes are done in the order of asking.
    await answered('POST', '/vm/centos-6-x86_64');
    expect(await readyOf()).toBe(before);
  },
);
