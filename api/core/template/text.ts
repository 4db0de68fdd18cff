import type { Db, Store } from '../../../store/open.ts';
import { deleteText, findText, insertText, listTexts, updateText } from '../../../store/text.ts';
import { mustAdminister } from '../authorize.ts';
import type { TemplateService, TextKind } from '../template.ts';
import { checkPartName, mustBeNew, mustBeUnused, mustExist } from './check.ts';

const WHAT: Readonly<Record<TextKind, string>> = { script: 'script', userdata: 'user-data' };

type Texts = Pick<TemplateService, 'listText' | 'getText' | 'createText' | 'updateText' | 'removeText'>;

/** Scripts and user-data. */
export function textTemplates(store: Store): Texts {
  const get = async (db: Db, kind: TextKind, name: string) =>
    mustExist(WHAT[kind], name, await findText(db, kind, name));
  return {
    listText: (_who, kind, limit) => listTexts(store.read, kind, limit),
    getText: (_who, kind, name) => get(store.read, kind, name),
    createText: async (who, kind, name, text) => {
      mustAdminister(who);
      checkPartName(name);
      await store.write(async (tx) => {
        mustBeNew(WHAT[kind], name, await findText(tx, kind, name));
        await insertText(tx, kind, name, text);
      });
    },
    updateText: async (who, kind, name, text) => {
      mustAdminister(who);
      await store.write(async (tx) => updateText(tx, (await get(tx, kind, name)).id, text));
    },
    removeText: async (who, kind, name) => {
      mustAdminister(who);
      await store.write(async (tx) => {
        const { id } = await get(tx, kind, name);
        await mustBeUnused(tx, WHAT[kind], name, kind, id);
        await deleteText(tx, id);
      });
    },
  };
}
