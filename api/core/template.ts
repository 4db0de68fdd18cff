import type { Vni } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal.ts';
import type {
  NetworkTemplate,
  StorageTemplate,
  StorageTemplateDisk,
  SystemTemplate,
  TextTemplate,
} from '../../domain/profile.ts';
import type { Store } from '../../store/open.ts';
import { networkTemplates } from './template/network.ts';
import { storageTemplates } from './template/storage.ts';
import { systemTemplates } from './template/system.ts';
import { textTemplates } from './template/text.ts';

/** Fuzzy name filter of the PVC API (pvc-facts.md §2.1): SQL LIKE with '%' on both sides unless it begins with '^' or ends with '$'. */
export type NameLimit = string | undefined;

export type NewSystemTemplate = Omit<SystemTemplate, 'id'>;
export type NewDisk = Omit<StorageTemplateDisk, 'id'>;

/** Lists are sorted by name. `get` throws not-found, `create` exists, `remove` conflict naming the profiles that use it. */
export interface TemplateService {
  listSystem(who: Principal, limit?: NameLimit): Promise<readonly SystemTemplate[]>;
  getSystem(who: Principal, name: string): Promise<SystemTemplate>;
  createSystem(who: Principal, template: NewSystemTemplate): Promise<void>;
  updateSystem(who: Principal, name: string, change: Partial<Omit<NewSystemTemplate, 'name'>>): Promise<void>;
  removeSystem(who: Principal, name: string): Promise<void>;

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

  listStorage(who: Principal, limit?: NameLimit): Promise<readonly StorageTemplate[]>;
  getStorage(who: Principal, name: string): Promise<StorageTemplate>;
  createStorage(who: Principal, name: string): Promise<void>;
  removeStorage(who: Principal, name: string): Promise<void>;
  /** The template with only those of its disks whose device name matches. */
  listDisks(who: Principal, template: string, limit?: NameLimit): Promise<StorageTemplate>;
  /** 'invalid' for: a mountpoint without filesystem; a source volume with size, filesystem or mountpoint; neither size nor source. */
  addDisk(who: Principal, template: string, disk: NewDisk): Promise<void>;
  removeDisk(who: Principal, template: string, diskId: string): Promise<void>;

  listText(who: Principal, kind: TextKind, limit?: NameLimit): Promise<readonly TextTemplate[]>;
  getText(who: Principal, kind: TextKind, name: string): Promise<TextTemplate>;
  createText(who: Principal, kind: TextKind, name: string, text: string): Promise<void>;
  updateText(who: Principal, kind: TextKind, name: string, text: string): Promise<void>;
  removeText(who: Principal, kind: TextKind, name: string): Promise<void>;
}

export type TextKind = 'userdata' | 'script';

/** The parts that profiles are made of. Everybody may read them, administrators change them. */
export function templateService(store: Store): TemplateService {
  return { ...systemTemplates(store), ...networkTemplates(store), ...storageTemplates(store), ...textTemplates(store) };
}
