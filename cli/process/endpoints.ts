import type { Endpoint } from '../instance/ports.ts';

/** Where the metadata service listens unless told, behind the address of the configuration. */
export const METADATA_PORT = 7371;

/** Where vmpooler's API listens alone unless told. */
export const VMPOOLER_DEFAULT: Endpoint = { host: '127.0.0.1', port: 7372 };
