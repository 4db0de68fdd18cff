import { expect } from 'vitest';

/** One request and its answer. `{name}` stands for a text of the fixture's. */
export interface Row {
  /** METHOD /path, below the dialect's mount. */
  readonly ask: string;
  /** Who: a person's token, or `user:password`; nobody unless told. */
  readonly token?: string;
  readonly login?: string;
  readonly body?: string;
  readonly status: number;
  /** The body; `{ok: false}` and nothing else unless told. */
  readonly answer?: unknown;
  /** Words of X-Slipway-Reason. */
  readonly reason?: string;
  /** The second version of the API. */
  readonly v2?: boolean;
}

export const DOMAIN = { domain: 'company.com' };
export const host = expect.stringMatching(/^[a-z][a-z0-9]{14}$/);
export const full = expect.stringMatching(/^[a-z][a-z0-9]{14}\.company\.com$/);
export const time = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}$/);
export const rfc3339 = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/);
export const token = expect.stringMatching(/^[a-z][a-z0-9]{31}$/);
export const says = (message: string) => ({ ok: false, message: expect.stringContaining(message) });
export const failing = (...words: string[]) => ({
  ok: false,
  failure: words.map((one) => expect.stringContaining(one)),
});
export const OK = { ok: true };
