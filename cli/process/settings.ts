import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { invalid } from '../../domain/fault.ts';
import { loadConfig } from '../config/load.ts';
import { type Config, TemporalAddress } from '../config/schema.ts';
import { isDebugging } from '../debugging.ts';
import { claimDirectory } from '../instance/directory.ts';
import { type Endpoint, parseEndpoint } from '../instance/ports.ts';
import { type Logger, openLog } from '../log.ts';
import { defaultDataDir, type Paths, pathsOf } from '../paths.ts';
import { METADATA_PORT, VMPOOLER_DEFAULT } from './endpoints.ts';

/** Options that every process takes; each wins over the configuration file. */
export interface ProcessOptions {
  readonly config?: string;
  readonly data?: string;
  readonly listen?: string;
  readonly metadata?: string;
  readonly vmpooler?: string;
  readonly temporal?: string;
  readonly debug?: boolean;
}

/** What a process runs with. */
export interface Settings {
  readonly config: Config;
  readonly paths: Paths;
  readonly log: Logger;
  /** Whether somebody asked for debugging, by option, file or SLIPWAY_DEBUG=1. */
  readonly debug: boolean;
  readonly listen: Endpoint;
  readonly metadata: Endpoint;
  /** Whether anybody said on which port: if not, another will do. */
  readonly metadataAsked: boolean;
  /** Null: nobody said where. */
  readonly vmpooler: Endpoint | null;
  /** HOST:PORT of a Temporal server; null if none was named. */
  readonly temporal: string | null;
  readonly nodeName: string;
}

/** Reads options, configuration file and environment, in this order of precedence; makes the data directory. */
export function settingsOf(role: string, options: ProcessOptions, logToFile: boolean): Settings {
  const config = loadConfig(options.config);
  const dir = resolve(options.data ?? config.data_dir ?? defaultDataDir());
  const paths = pathsOf(dir);
  // Others may have to walk through this directory, as QEMU's user: what is in it says by itself that it is not for them.
  process.umask(process.umask() | 0o007);
  claimDirectory(dir);
  const { api, metadata } = config;
  const debug = options.debug === true || config.debug;
  return {
    config,
    paths,
    log: openLog({ process: role, debug, ...(logToFile ? { file: paths.log } : {}) }),
    debug: debug || isDebugging(),
    listen: options.listen
      ? parseEndpoint('--listen', options.listen, api.listen_address)
      : { host: api.listen_address, port: api.listen_port },
    metadata: options.metadata
      ? parseEndpoint('--metadata', options.metadata, metadata.listen_address)
      : { host: metadata.listen_address, port: metadata.listen_port ?? METADATA_PORT },
    metadataAsked: options.metadata !== undefined || metadata.listen_port !== undefined,
    vmpooler: vmpoolerEndpoint(options.vmpooler, config.vmpooler),
    temporal: temporalAddress(options.temporal, config.temporal.address),
    nodeName: config.node.name ?? hostname().split('.')[0] ?? 'localhost',
  };
}

/** Null for none; 'invalid' with the name of what says something else than HOST:PORT: what is configured does not. */
function temporalAddress(option: string | undefined, configured: string | undefined): string | null {
  const address = option ?? configured ?? process.env.TEMPORAL_ADDRESS;
  if (!address) return null;
  const { success, error } = TemporalAddress.safeParse(address);
  if (success) return address;
  throw invalid(option === undefined ? 'TEMPORAL_ADDRESS' : '--temporal', `'${address}' ${error.issues[0]?.message}.`);
}

function vmpoolerEndpoint(option: string | undefined, config: Config['vmpooler']): Endpoint | null {
  const { listen_address: host = VMPOOLER_DEFAULT.host, listen_port: port } = config;
  if (option) return parseEndpoint('--vmpooler', option, host);
  if (config.listen_address === undefined && port === undefined) return null;
  return { host, port: port ?? VMPOOLER_DEFAULT.port };
}
