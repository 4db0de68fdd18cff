import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { unavailable } from '../../domain/fault.ts';
import { SEARCH_ATTRIBUTES } from '../../domain/queues.ts';
import { freePort, freePortOr } from '../instance/ports.ts';
import { endProcess, isOurs } from './process.ts';
import { findTemporal, type TemporalProgram } from './program.ts';
import { openServerLog, type ServerLog } from './server-log.ts';

/** A Temporal dev server whose database is in a data directory. */
export interface DevServer {
  readonly address: string;
  readonly ui: string;
  readonly pid: number;
  /** In words: which program it is, and whether it was found running. */
  readonly source: string;
  /** Resolves when the server has ended. */
  readonly stop: () => Promise<void>;
}

/** What is remembered of the server, so that a restart has the same address and finds one that survived us. */
interface Record {
  readonly pid: number;
  readonly port: number;
  readonly uiPort: number;
  readonly database: string;
  readonly source: string;
}

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 20_000;
const ANSWER_TIMEOUT_MS = 3_000;
/** Its shutdown drains connections; more is a hang. */
const STOP_GRACE_MS = 10_000;

/** The server's own default of 20 reads a second makes every workflow task wait up to 50 ms. */
const TUNING = ['transfer', 'timer', 'visibility'].flatMap((queue) => [
  '--dynamic-config-value',
  `history.${queue}ProcessorMaxPollRPS=1000`,
]);

/**
 * Starts the data directory's Temporal server, or takes over the one that still runs since this process's predecessor was killed.
 * With `address` it has that address, or 'unavailable'; else another one where its last is taken.
 */
export async function devServer(dataDir: string, program?: TemporalProgram, address?: string): Promise<DevServer> {
  const file = join(dataDir, 'temporal.json');
  const record = await readRecord(file);
  if (record && isOurs(record.pid, record.database)) {
    if (await answers(record.port)) return running(record, `${record.source}, still running`, file);
    await endProcess(record.pid, STOP_GRACE_MS);
  }
  await mkdir(dataDir, { recursive: true });
  const port = await keptPort(record?.port);
  if (address !== undefined && address !== `${HOST}:${port}`)
    throw unavailable(`The Temporal server's address ${address} is taken by another program.`);
  const uiPort = await keptPort(record?.uiPort);
  const started = await start(dataDir, program ?? (await findTemporal()), { port, uiPort }, (begun) =>
    remember(file, begun),
  );
  return running(started, started.source, file);
}

/** Written beside and renamed: a reader never sees half of it. */
async function remember(file: string, record: Record): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(record, null, 2));
  await rename(`${file}.new`, file);
}

/** Succeeds if no server of this data directory runs. */
export async function endDevServer(dataDir: string): Promise<void> {
  const record = await readRecord(join(dataDir, 'temporal.json'));
  if (record && isOurs(record.pid, record.database)) await endProcess(record.pid, STOP_GRACE_MS);
}

function running(record: Record, source: string, file: string): DevServer {
  return {
    address: `${HOST}:${record.port}`,
    ui: `http://${HOST}:${record.uiPort}`,
    pid: record.pid,
    source,
    stop: async () => {
      await endProcess(record.pid, STOP_GRACE_MS);
      // The ports stay known; the process is none of ours any more.
      await remember(file, { ...record, pid: 0 });
    },
  };
}

async function readRecord(file: string): Promise<Record | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as Record);
}

async function start(
  dataDir: string,
  program: TemporalProgram,
  { port, uiPort }: Pick<Record, 'port' | 'uiPort'>,
  begun: (record: Record) => Promise<void>,
): Promise<Record> {
  // Another version may not open this file, or would migrate it for good.
  const database = join(dataDir, `temporal-${program.version}.db`);
  // A file: a pipe would break when this process is killed, and the server is to survive that.
  const log = await openServerLog(dataDir);
  const child = spawn(program.path, serverArguments(database, port, uiPort), {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const source = `temporal ${program.version} (${program.from}: ${program.path})`;
  const record = { pid: child.pid ?? 0, port, uiPort, database, source };
  try {
    // At once: that it could not be run is told in the next turn, and is the end of this process if nobody listens. Nor is a
    // server to be lost whose starter is killed before it answers.
    await Promise.all([ready(child, log, port), begun(record), log.close()]);
  } catch (error) {
    // One that is late would hold the port and the database.
    child.kill('SIGKILL');
    throw error;
  }
  child.unref();
  return record;
}

const serverArguments = (database: string, port: number, uiPort: number): string[] => [
  ...['server', 'start-dev', '--ip', HOST, '--port', `${port}`, '--ui-ip', HOST, '--ui-port', `${uiPort}`],
  ...['--db-filename', database, '--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
  ...['--ui-disable-news-fetch', '--log-level', 'warn'],
  ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
  ...TUNING,
];

/** Resolves when the server answers; woken by what it writes. 'unavailable' with its last words if it ends or takes too long. */
async function ready(child: ReturnType<typeof spawn>, log: ServerLog, port: number): Promise<void> {
  const failed = async (what: string) => {
    const text = await log.read().catch(() => '');
    return unavailable(`The Temporal server ${what}: ${text.trim().split('\n').slice(-3).join(' | ')}`);
  };
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(deadline);
      watcher.close();
      child.removeAllListeners();
      act();
    };
    const look = (): Promise<void> =>
      log.read().then((text) => {
        if (/^Temporal Server:/m.test(text)) settle(resolve);
      }, gone);
    const fail = (what: string) => (): void => void failed(what).then((error) => settle(() => reject(error)));
    const gone = ({ message }: Error): void => fail(`cannot be heard (${message})`)();
    const watcher = watch(log.path, () => void look());
    const deadline = setTimeout(fail('did not start in time'), START_TIMEOUT_MS);
    child.once('exit', fail('ended at once'));
    child.once('error', ({ message }) => fail(`could not be run (${message})`)());
    // It may have written before it was watched.
    void look();
  });
  if (!(await answers(port))) throw await failed('started but does not answer');
}

async function answers(port: number): Promise<boolean> {
  const connection = await Connection.connect({ address: `${HOST}:${port}`, connectTimeout: ANSWER_TIMEOUT_MS }).catch(
    () => null,
  );
  await connection?.close();
  return connection !== null;
}

/** How long the last port is waited for: threads of a server that was just killed may hold it when its process is gone already. */
const LAST_PORT_MS = 5_000;
const LOOK_MS = 25;

/** The wanted port if it is free, or is soon, else another that is: others may know the server by it. */
async function keptPort(wanted?: number): Promise<number> {
  const until = Date.now() + LAST_PORT_MS;
  while (wanted !== undefined && Date.now() < until) {
    const port = await freePortOr(HOST, wanted);
    if (port !== 0) return port;
    // Nobody tells of a port that becomes free.
    await pause(LOOK_MS);
  }
  return freePort(HOST);
}
