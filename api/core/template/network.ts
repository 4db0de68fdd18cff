import { exists, invalid, notFound } from '../../../domain/fault.ts';
import type { Vni } from '../../../domain/ids.ts';
import { macFromTemplate } from '../../../domain/mac.ts';
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
import type { TemplateService } from '../template.ts';
import { checkPartName, mustBeNew, mustBeUnused, mustExist } from './check.ts';

const WHAT = 'network template';

type NetworkTemplates = Pick<
  TemplateService,
  | 'listNetwork'
  | 'getNetwork'
  | 'createNetwork'
  | 'updateNetwork'
  | 'removeNetwork'
  | 'listNets'
  | 'addNet'
  | 'removeNet'
>;

/** Templates of a guest's Ethernet devices. */
export function networkTemplates(store: Store): NetworkTemplates {
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
        await updateNetworkTemplate(tx, known.id, { ...known, ...change }.macTemplate);
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
        await checkVni(tx, vni);
        if (!permitDuplicate && nets.some((net) => net.vni === vni)) throw exists(`net of '${name}'`, String(vni));
        await insertNet(tx, id, vni);
      });
    },
    removeNet: async (who, name, vni) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id } = await get(tx, name);
        if (!(await deleteNet(tx, id, vni))) throw notFound(`net of '${name}'`, String(vni));
      });
    },
  };
}

/** Throws 'invalid' unless the template makes addresses. */
export function checkMacTemplate(template: string | null): void {
  if (template !== null) macFromTemplate(template, 0, 0);
}

/** Throws 'invalid' unless there is such a network and nobody is removing it. */
export async function checkVni(db: Db, vni: Vni): Promise<void> {
  const network = await findNetwork(db, vni);
  if (!network) throw invalid('vni', `there is no network ${vni}.`);
  if (network.removing !== null) throw invalid('vni', `network ${vni} is being removed.`);
}
