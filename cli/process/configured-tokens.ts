import { createHash } from 'node:crypto';
import type { Store } from '../../store/open.ts';
import { deleteToken, insertToken, listTokens } from '../../store/token.ts';
import type { Config } from '../config/schema.ts';

/** Begins the ids of tokens that stand in the configuration file. */
const PREFIX = 'config-';

/** Makes the store's tokens with that prefix those of the configuration: hashes only, as for all others. */
export async function keepConfiguredTokens(
  store: Store,
  tokens: Config['api']['authentication']['tokens'],
): Promise<void> {
  const wanted = tokens.map(({ token, ...rest }) => {
    const hash = createHash('sha256').update(token).digest('hex');
    // The whole entry is in the id: a changed role or description is another token.
    const entry = createHash('sha256').update(JSON.stringify([hash, rest.description, rest.role, rest.tenant]));
    return { id: `${PREFIX}${entry.digest('hex').slice(0, 24)}`, hash, ...rest };
  });
  await store.write(async (tx) => {
    const known = (await listTokens(tx)).filter(({ id }) => id.startsWith(PREFIX)).map(({ id }) => id);
    for (const id of known) if (!wanted.some((one) => one.id === id)) await deleteToken(tx, id);
    for (const one of wanted) if (!known.includes(one.id)) await insertToken(tx, { ...one, createdAt: Date.now() });
  });
}
