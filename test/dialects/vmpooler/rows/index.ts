import { CHECKOUT_ROWS } from './checkout.ts';
import { CONFIG_ROWS } from './config.ts';
import { ONDEMAND_ROWS } from './ondemand.ts';
import type { Row } from './row.ts';
import { SNAPSHOT_ROWS } from './snapshot.ts';
import { STATUS_ROWS } from './status.ts';
import { TOKEN_ROWS } from './token.ts';
import { VM_ROWS } from './vm.ts';

const nothing: readonly Row[] = [
  'GET /nope',
  'PATCH /vm',
  'OPTIONS /vm',
  'DELETE /vm',
  'PUT /token',
  'GET /vm/a/b/c',
].map((ask) => ({ ask, status: 404 }));

/** A row a request and its answer. */
export const ROWS: readonly Row[] = [
  ...TOKEN_ROWS,
  ...CHECKOUT_ROWS,
  ...VM_ROWS,
  ...SNAPSHOT_ROWS,
  ...ONDEMAND_ROWS,
  ...CONFIG_ROWS,
  ...STATUS_ROWS,
  ...nothing,
];
