import { join } from 'node:path';

/** Everything that one installation keeps, below its data directory. */
export interface Paths {
  readonly dir: string;
  readonly store: string;
  readonly pools: string;
  /** Local pool `name`. */
  pool(name: string): string;
  /** One node's own files. */
  node(name: string): string;
  /** URI of the libvirt that has a node's guests; not there where that is the private one. */
  nodeLibvirt(name: string): string;
  /** Which boot of the host a node has started its guests after. */
  nodeBoot(name: string): string;
  /** Held by the one process that is this node. */
  nodeLock(name: string): string;
  /** Held by the one process that is a real node: what is below it is this host's. */
  readonly hostLock: string;
  /** The simulators' worlds. */
  readonly sim: string;
  readonly images: string;
  /** What can be made again: the workflows as workers run them. */
  readonly cache: string;
  readonly libvirt: string;
  /** Text of the local command line's token, mode 600. */
  readonly token: string;
  /** Keeps two `up` on one directory apart. */
  readonly lock: string;
  /** Which process has that lock, or is about to take it. */
  readonly holder: string;
  /** Lets processes that start together prepare one after the other. */
  readonly turn: string;
  /** Addresses of the last start, so that the next one keeps them. */
  readonly ports: string;
  /** What `up` said when it was ready; there while it runs. */
  readonly instance: string;
  readonly log: string;
}

/** Where things are below `dir`. */
export function pathsOf(dir: string): Paths {
  const below = (...parts: readonly string[]): string => join(dir, ...parts);
  return {
    dir,
    store: below('slipway.db'),
    pools: below('pools'),
    pool: (name) => below('pools', name),
    node: (name) => below('nodes', name),
    nodeLibvirt: (name) => below('nodes', name, 'libvirt.uri'),
    nodeLock: (name) => below('nodes', name, 'lock'),
    hostLock: below('host.lock'),
    nodeBoot: (name) => below('nodes', name, 'boot.id'),
    sim: below('sim'),
    images: below('images'),
    cache: below('cache'),
    libvirt: below('libvirt'),
    token: below('token'),
    lock: below('lock'),
    holder: below('holder.json'),
    turn: below('turn'),
    ports: below('ports.json'),
    instance: below('instance.json'),
    log: below('slipway.log'),
  };
}

/** Data directory when none is named: the system's for root, the user's for others. */
export function defaultDataDir(): string {
  if (process.env.SLIPWAY_DATA) return process.env.SLIPWAY_DATA;
  if (process.getuid?.() === 0) return '/var/lib/slipway';
  const home = process.env.XDG_DATA_HOME ?? join(process.env.HOME ?? '.', '.local/share');
  return join(home, 'slipway');
}
