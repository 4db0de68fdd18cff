import type { Principal } from '../../../domain/principal.ts';
import { type TextTemplate, withoutMark } from '../../../domain/profile.ts';
import type { Db, Store } from '../../../store/open.ts';
import { deleteText, findText, insertText, listTexts, updateText } from '../../../store/text.ts';
import { mustAdminister } from '../authorize.ts';
import type { NameLimit } from '../name-limit.ts';
import { checkPartName, mustBeNew, mustBeUnused, mustExist } from './check.ts';

export type TextKind = 'userdata' | 'script';

const WHAT: Readonly<Record<TextKind, string>> = { script: 'script', userdata: 'user-data' };

/** Lists are sorted by name. `get` throws not-found, `create` exists, `remove` conflict naming the profiles that use it. */
export interface TextService {
  listText(who: Principal, kind: TextKind, limit?: NameLimit): Promise<readonly TextTemplate[]>;
  getText(who: Principal, kind: TextKind, name: string): Promise<TextTemplate>;
  createText(who: Principal, kind: TextKind, name: string, text: string): Promise<void>;
  updateText(who: Principal, kind: TextKind, name: string, text: string): Promise<void>;
  removeText(who: Principal, kind: TextKind, name: string): Promise<void>;
}

/** Scripts and user-data. */
export function textTemplates(store: Store): TextService {
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
        await insertText(tx, kind, name, withoutMark(text));
      });
    },
    updateText: async (who, kind, name, text) => {
      mustAdminister(who);
      await store.write(async (tx) => updateText(tx, (await get(tx, kind, name)).id, withoutMark(text)));
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
