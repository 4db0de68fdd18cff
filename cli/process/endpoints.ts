import type { Endpoint } from '../instance/ports.ts';

/** Where the metadata service listens unless told: networks lead guests to the loopback interface of their host. */
export const METADATA_DEFAULT: Endpoint = { host: '127.0.0.1', port: 7371 };

/** Where vmpooler's API listens alone unless told. */
export const VMPOOLER_DEFAULT: Endpoint = { host: '127.0.0.1', port: 7372 };
