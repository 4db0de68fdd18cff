import { isIP } from 'node:net';
import { refuse } from '../../../domain/fault.ts';
import { NODE_NAME } from '../../../domain/name.ts';
import type { Principal } from '../../../domain/principal.ts';
import { type SystemTemplate, VM_LIMITS } from '../../../domain/profile.ts';
import { SELECTORS } from '../../../domain/vm.ts';
import type { Store } from '../../../store/open.ts';
import {
  deleteSystemTemplate,
  findSystemTemplate,
  insertSystemTemplate,
  listSystemTemplates,
  updateSystemTemplate,
} from '../../../store/system-template.ts';
import { mustAdminister } from '../authorize.ts';
import { something } from '../change.ts';
import type { NameLimit } from '../name-limit.ts';
import { boundMistakes, checkPartName, type Mistake, mustBeNew, mustBeUnused, mustExist } from './check.ts';

const WHAT = 'system template';
const MIGRATIONS = ['live', 'shutdown', 'none'];

export type NewSystemTemplate = Omit<SystemTemplate, 'id'>;

/** Lists are sorted by name. `get` throws not-found, `create` exists, `remove` conflict naming the profiles that use it. */
export interface SystemTemplateService {
  listSystem(who: Principal, limit?: NameLimit): Promise<readonly SystemTemplate[]>;
  getSystem(who: Principal, name: string): Promise<SystemTemplate>;
  createSystem(who: Principal, template: NewSystemTemplate): Promise<void>;
  updateSystem(who: Principal, name: string, change: Partial<Omit<NewSystemTemplate, 'name'>>): Promise<void>;
  removeSystem(who: Principal, name: string): Promise<void>;
}

/** Templates of memory, vCPUs, consoles and placement. */
export function systemTemplates(store: Store): SystemTemplateService {
  const get = async (db: Store['read'], name: string) => mustExist(WHAT, name, await findSystemTemplate(db, name));
  return {
    listSystem: (_who, limit) => listSystemTemplates(store.read, limit),
    getSystem: (_who, name) => get(store.read, name),
    createSystem: async (who, template) => {
      mustAdminister(who);
      checkPartName(template.name);
      checkSystemTemplate(template);
      await store.write(async (tx) => {
        mustBeNew(WHAT, template.name, await findSystemTemplate(tx, template.name));
        await insertSystemTemplate(tx, template);
      });
    },
    updateSystem: async (who, name, change) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const known = await get(tx, name);
        checkSystemTemplate({ ...known, ...something(change) });
        await updateSystemTemplate(tx, known.id, change);
      });
    },
    removeSystem: async (who, name) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id } = await get(tx, name);
        await mustBeUnused(tx, WHAT, name, 'system', id);
        await deleteSystemTemplate(tx, id);
      });
    },
  };
}

/** Throws 'invalid' with the field. */
export const checkSystemTemplate = (template: Omit<NewSystemTemplate, 'name'>): void =>
  refuse(systemMistakes(template));

export function* systemMistakes(template: Omit<NewSystemTemplate, 'name'>): Iterable<Mistake> {
  const { vcpus, memory, nodeLimit, nodeSelector, migrationMethod, vncBind } = template;
  yield* boundMistakes('vcpus', vcpus, VM_LIMITS.vcpus);
  yield* boundMistakes('vram', memory, VM_LIMITS.memoryMiB);
  if (nodeLimit?.length === 0) yield { field: 'node_limit', why: 'must name at least one node.' };
  for (const node of nodeLimit ?? [])
    if (!NODE_NAME.test(node)) yield { field: 'node_limit', why: `'${node}' is no name of a node.` };
  if (vncBind !== null && isIP(vncBind) === 0) yield { field: 'vnc_bind', why: `'${vncBind}' is no IP address.` };
  if (nodeSelector !== null && !SELECTORS.includes(nodeSelector))
    yield { field: 'node_selector', why: `must be one of ${SELECTORS.join(', ')}.` };
  if (migrationMethod !== null && !MIGRATIONS.includes(migrationMethod))
    yield { field: 'migration_method', why: `must be one of ${MIGRATIONS.join(', ')}.` };
}
