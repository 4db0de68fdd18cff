import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { invalid } from '../../domain/fault.ts';
import { giveToOwner } from './owner.ts';

/** Says that a directory is Slipway's: no other program's file is called so, and no shell makes it for somebody's output. */
const MARK = 'slipway.db';

/** Everything that Slipway ever puts at the top of a data directory. */
const OWN = [
  /^slipway\.(db(-wal|-shm|-journal)?|log)$/,
  /^temporal(-.+\.db(-wal|-shm|-journal)?|\.json(\.new)?|\.log(\.1)?)$/,
  /^(pools|nodes|sim|images|cache|libvirt)$/,
  /^(lock|turn|host\.lock)(-journal)?$/,
  /^(instance|holder)\.json(\.[\da-f-]+)?$/,
  /^(token|ports\.json|payload\.key(\.\d+)?|up\.log|demo\.password)$/,
];

/** May stand in a directory that is to become Slipway's: a file system's own, an operator's configuration, a log that a shell began, and what programs keep where their user is at home. */
const HARMLESS = ['lost+found', 'slipway.yaml', 'slipway.log', '.cache'];

/** With what users and tasks have said in them, secrets included. */
const STORE = ['slipway.db', 'slipway.db-wal', 'slipway.db-shm'];
const OTHERS = 0o007;
/** What all processes of an installation read or write. */
const SHARED = [...STORE, 'payload.key', 'token', 'turn', 'lock', 'ports.json', 'cache'];

/**
 * Makes the directory Slipway's, if it is not there or empty; succeeds if it is already. 'invalid' for one that holds what
 * somebody else put there: removing the installation would remove that, too.
 */
export function claimDirectory(dir: string): void {
  try {
    makeDirectory(dir);
    if (!isClaimed(dir)) mark(dir);
    closeToOthers(dir);
    share(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw invalid('--data', `cannot make ${dir}: ${(error as Error).message}`);
  }
}

function mark(dir: string): void {
  const others = readdirSync(dir).filter((name) => !HARMLESS.includes(name));
  if (others.length > 0) {
    throw invalid(
      '--data',
      `${dir} is not empty, and is no data directory of Slipway (it holds ${listed(others)}): name an empty one`,
    );
  }
  // An empty file is an empty store.
  writeFileSync(join(dir, MARK), '', { flag: 'a', mode: 0o640 });
}

/** Gives the directory's owner what root has made in it. */
export function share(dir: string): void {
  for (const name of SHARED) if (existsSync(join(dir, name))) giveToOwner(join(dir, name), dir);
}

/** Whether Slipway keeps an installation there. */
export const isClaimed = (dir: string): boolean => existsSync(join(dir, MARK));

/** A store that was made so that others can read it is closed to them. */
function closeToOthers(dir: string): void {
  for (const name of STORE) {
    const file = statSync(join(dir, name), { throwIfNoEntry: false });
    const own = file !== undefined && [file.uid, 0].includes(process.getuid?.() ?? file.uid);
    if (own && (file.mode & OTHERS) !== 0) chmodSync(join(dir, name), file.mode & ~OTHERS & 0o777);
  }
}

/** Removes what Slipway put there, and the directory itself if nothing else is in it; returns the names of what is. */
export function removeInstallation(dir: string): readonly string[] {
  // The mark last: what was interrupted is done again.
  const own = readdirSync(dir).filter((name) => OWN.some((one) => one.test(name)));
  const ordered = [...own.filter((name) => name !== MARK), ...own.filter((name) => name === MARK)];
  for (const name of ordered) rmSync(join(dir, name), { recursive: true, force: true });
  const others = readdirSync(dir);
  if (others.length === 0) rmdirSync(dir);
  return others;
}

/** The first few of these names, for a person. */
export const listed = (names: readonly string[]): string =>
  names.length > LISTED ? `${names.slice(0, LISTED).join(', ')} …` : names.join(', ');

const LISTED = 5;

/** For this user alone. Node's own recursive mkdir tries for ever where a parent is there and takes no directories, as /proc is. */
function makeDirectory(dir: string): void {
  const missing: string[] = [];
  for (let at = dir; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  for (const at of missing) makeOne(at);
}

function makeOne(dir: string): void {
  try {
    mkdirSync(dir, { mode: 0o750 });
  } catch (error) {
    // Another process that starts, too.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
