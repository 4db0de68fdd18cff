/** Bytes that a request's body may have: room for install scripts and user-data. */
export const BODY_LIMIT_BYTES = 4 * 1024 * 1024;
