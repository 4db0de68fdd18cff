import { ACCESS_ROWS } from './access.ts';
import { NETWORK_ROWS } from './network.ts';
import { NETWORK_TEMPLATE_ROWS } from './network-template.ts';
import { NODE_ROWS } from './node.ts';
import { POOL_ROWS } from './pool.ts';
import { PROFILE_ROWS } from './profile.ts';
import { P, type Row } from './row.ts';
import { STORAGE_TEMPLATE_ROWS } from './storage-template.ts';
import { SYSTEM_TEMPLATE_ROWS } from './system-template.ts';
import { TASK_ROWS } from './task.ts';
import { TEXT_ROWS } from './text.ts';
import { VM_ROWS } from './vm.ts';

/** A row an endpoint. */
export const ROWS: readonly Row[] = [
  ...ACCESS_ROWS,
  ...NETWORK_ROWS,
  ...NETWORK_TEMPLATE_ROWS,
  ...NODE_ROWS,
  ...POOL_ROWS,
  ...PROFILE_ROWS,
  ...STORAGE_TEMPLATE_ROWS,
  ...SYSTEM_TEMPLATE_ROWS,
  ...TASK_ROWS,
  ...TEXT_ROWS,
  ...VM_ROWS,
];

/** Its body is a document and cannot be a query: tested on its own. */
export const DOCUMENT_ROUTES: readonly string[] = [`POST ${P}/apply`];
