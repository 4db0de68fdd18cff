import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Services } from '../../api/core/services.ts';
import { conflict } from '../../domain/fault.ts';
import type { Vni } from '../../domain/ids.ts';
import type { Network } from '../../domain/network.ts';
import { SYSTEM } from '../../domain/principal.ts';
import type { StoragePool } from '../../domain/volume.ts';
import { findNetwork } from '../../store/network.ts';
import type { Store } from '../../store/open.ts';
import { findStoragePool, insertStoragePool } from '../../store/storage-pool.ts';
import { takeTurn } from '../instance/lock.ts';
import { packageFile } from '../package-root.ts';
import type { Paths } from '../paths.ts';
import { PROFILE_FILE, readProfile } from '../profile/directory.ts';

/** The storage pool that every installation has. */
const POOL = 'vms';

/** The network that every installation has; a range that private networks seldom use. */
const NETWORK: Network = {
  vni: 100 as Vni,
  description: 'default',
  type: 'managed',
  mtu: null,
  domain: 'slipway.internal',
  nameServers: [],
  ip4: {
    network: '10.100.0.0/16',
    gateway: '10.100.0.1',
    dhcp: { start: '10.100.0.16', end: '10.100.255.254' },
  },
  nat: true,
};

interface FirstStart {
  readonly paths: Paths;
  readonly driver: StoragePool['driver'] | null;
}

/** A first start, and the local token. Processes that start together do it in turn: the first prepares, the others find it done. */
export async function prepareInTurn(
  store: Store,
  services: Pick<Services, 'networks' | 'profiles' | 'tokens'>,
  start: FirstStart,
): Promise<{ readonly fresh: boolean; readonly token: string }> {
  const turn = takeTurn(start.paths.turn);
  try {
    const fresh = await prepareFirstStart(store, services, start);
    return { fresh, token: await localToken(services, start.paths.token) };
  } finally {
    turn.release();
  }
}

/**
 * Leaves nothing to guess: storage pool `vms`, network 100 and the shipped profiles. Does nothing on a directory that
 * was started before, so that what an operator removed or changed stays so; 'conflict' if that was for the other kind of nodes
 * (null: either; real ones on a first start).
 */
async function prepareFirstStart(
  store: Store,
  services: Pick<Services, 'networks' | 'profiles'>,
  { paths, driver }: FirstStart,
): Promise<boolean> {
  const known = await findStoragePool(store.read, POOL);
  if (known && driver !== null && known.driver !== driver) {
    const kind = known.driver === 'sim' ? 'simulated' : 'real';
    throw conflict(`${paths.dir} belongs to an installation with ${kind} nodes: name another directory with --data.`);
  }
  if (known) return false;
  if (!(await findNetwork(store.read, NETWORK.vni))) await services.networks.create(SYSTEM, NETWORK);
  for (const dir of shippedProfiles()) await services.profiles.apply(SYSTEM, readProfile(dir));
  // Written last: a first start that was killed is done again.
  const pool = poolOf(driver ?? 'local', paths);
  await store.write((tx) => insertStoragePool(tx, pool));
  return true;
}

const poolOf = (driver: StoragePool['driver'], paths: Paths): StoragePool => ({
  name: POOL,
  driver,
  config: driver === 'local' ? { path: paths.pool(POOL) } : {},
});

/** Directories of the profiles that come with the product. */
export function shippedProfiles(): readonly string[] {
  const root = packageFile('profiles');
  return readdirSync(root)
    .map((name) => join(root, name))
    .filter((dir) => existsSync(join(dir, PROFILE_FILE)))
    .sort();
}

/**
 * The token of the local command line: its text is in a file for this user alone, the store has its hash. Made at the
 * first start, and again when the file or the store's row is gone.
 */
async function localToken(services: Pick<Services, 'tokens'>, file: string): Promise<string> {
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (text !== '' && (await services.tokens.authenticate(text))) return text;
  const made = await services.tokens.create(SYSTEM, {
    description: `local-${randomBytes(3).toString('hex')}`,
    role: 'admin',
    tenant: SYSTEM.tenant,
  });
  writeFileSync(file, `${made.token}\n`, { mode: 0o600 });
  return made.token;
}
