import { exists, notFound, refuse } from '../../../domain/fault.ts';
import type { Vni } from '../../../domain/ids.ts';
import { macFromTemplate } from '../../../domain/mac.ts';
import type { Principal } from '../../../domain/principal.ts';
import type { NetworkTemplate } from '../../../domain/profile.ts';
import { findNetwork } from '../../../store/network.ts';
import {
  deleteNet,
  deleteNetworkTemplate,
  findNetworkTemplate,
  insertNet,
  insertNetworkTemplate,
  listNets,
  listNetworkTemplates,
  updateNetworkTemplate,
} from '../../../store/network-template.ts';
import type { Db, Store } from '../../../store/open.ts';
import { mustAdminister } from '../authorize.ts';
import { something } from '../change.ts';
import type { NameLimit } from '../name-limit.ts';
import { checkPartName, type Mistake, mustBeNew, mustBeUnused, mustExist } from './check.ts';

const WHAT = 'network template';

/** Lists are sorted by name. `get` throws not-found, `create` exists, `remove` conflict naming the profiles that use it. */
export interface NetworkTemplateService {
  listNetwork(who: Principal, limit?: NameLimit): Promise<readonly NetworkTemplate[]>;
  getNetwork(who: Principal, name: string): Promise<NetworkTemplate>;
  createNetwork(who: Principal, name: string, macTemplate: string | null): Promise<void>;
  updateNetwork(who: Principal, name: string, change: Partial<Pick<NetworkTemplate, 'macTemplate'>>): Promise<void>;
  removeNetwork(who: Principal, name: string): Promise<void>;
  /** The template with only those of its networks whose number matches. */
  listNets(who: Principal, template: string, limit?: NameLimit): Promise<NetworkTemplate>;
  /** 'invalid' if the VNI is no network; 'exists' if it is in the template, unless duplicates are permitted. */
  addNet(who: Principal, template: string, vni: Vni, permitDuplicate: boolean): Promise<void>;
  removeNet(who: Principal, template: string, vni: Vni): Promise<void>;
}

/** Templates of a guest's Ethernet devices. */
export function networkTemplates(store: Store): NetworkTemplateService {
  const get = async (db: Db, name: string) => mustExist(WHAT, name, await findNetworkTemplate(db, name));
  return {
    listNetwork: (_who, limit) => listNetworkTemplates(store.read, limit),
    getNetwork: (_who, name) => get(store.read, name),
    createNetwork: async (who, name, macTemplate) => {
      mustAdminister(who);
      checkPartName(name);
      checkMacTemplate(macTemplate);
      await store.write(async (tx) => {
        mustBeNew(WHAT, name, await findNetworkTemplate(tx, name));
        await insertNetworkTemplate(tx, name, macTemplate);
      });
    },
    updateNetwork: async (who, name, change) => {
      mustAdminister(who);
      checkMacTemplate(change.macTemplate ?? null);
      await store.write(async (tx) => {
        const known = await get(tx, name);
        await updateNetworkTemplate(tx, known.id, { ...known, ...something(change) }.macTemplate);
      });
    },
    removeNetwork: async (who, name) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id } = await get(tx, name);
        await mustBeUnused(tx, WHAT, name, 'network', id);
        await deleteNetworkTemplate(tx, id);
      });
    },
    listNets: async (_who, name, limit) => {
      const template = await get(store.read, name);
      return { ...template, nets: await listNets(store.read, template.id, limit) };
    },
    addNet: async (who, name, vni, permitDuplicate) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id, nets } = await get(tx, name);
        refuse(await vniMistakes(tx, [vni], 'vni'));
        if (!permitDuplicate && nets.some((net) => net.vni === vni))
          throw exists('network', String(vni), `${WHAT} '${name}'`);
        await insertNet(tx, id, vni);
      });
    },
    removeNet: async (who, name, vni) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id } = await get(tx, name);
        if (!(await deleteNet(tx, id, vni))) throw notFound('network', String(vni), `${WHAT} '${name}'`);
      });
    },
  };
}

/** Throws 'invalid' unless the template makes addresses. */
export function checkMacTemplate(template: string | null): void {
  if (template !== null) macFromTemplate(template, 0, 0);
}

/** Of each that is no network, or that somebody is removing. */
export async function vniMistakes(db: Db, vnis: readonly Vni[], field: string): Promise<readonly Mistake[]> {
  const mistakes: Mistake[] = [];
  for (const vni of new Set(vnis)) {
    const network = await findNetwork(db, vni);
    if (!network) mistakes.push({ field, why: `there is no network ${vni}.` });
    else if (network.removing !== null) mistakes.push({ field, why: `network ${vni} is being removed.` });
  }
  return mistakes;
}
