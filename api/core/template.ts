import type { Store } from '../../store/open.ts';
import { type NetworkTemplateService, networkTemplates } from './template/network.ts';
import { type StorageTemplateService, storageTemplates } from './template/storage.ts';
import { type SystemTemplateService, systemTemplates } from './template/system.ts';
import { type TextService, textTemplates } from './template/text.ts';

/** The parts that profiles are made of. Everybody may read them, administrators change them. */
export interface TemplateService
  extends SystemTemplateService,
    NetworkTemplateService,
    StorageTemplateService,
    TextService {}

export function templateService(store: Store): TemplateService {
  return { ...systemTemplates(store), ...networkTemplates(store), ...storageTemplates(store), ...textTemplates(store) };
}
