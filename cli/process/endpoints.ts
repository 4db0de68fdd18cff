import type { Endpoint } from '../instance/ports.ts';

/** Where vmpooler's API listens alone unless told. */
export const VMPOOLER_DEFAULT: Endpoint = { host: '127.0.0.1', port: 7372 };
