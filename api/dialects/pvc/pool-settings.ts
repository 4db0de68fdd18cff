import { POOL_DEFAULTS } from '../../../domain/vm-pool.ts';
import type { PoolService } from '../../core/vm-pool/pool.ts';
import { SETTING_KEYS, type SettingKey, settingsOf, settingValues } from '../../core/vm-pool/setting-keys.ts';
import { type Route, route } from '../../http/route.ts';
import { clearable } from '../../http/words.ts';
import { z } from '../../http/zod.ts';
import { MESSAGE, objectOf, ok } from './answer.ts';

type Setting = (typeof SETTING_KEYS)[SettingKey];

/** An object of all settings. */
const settings = (schemaOf: (setting: Setting) => z.ZodType) =>
  z.object(Object.fromEntries(Object.entries(SETTING_KEYS).map(([key, setting]) => [key, schemaOf(setting)])));

const inner = { array: { items: { type: 'string' } }, object: { additionalProperties: {} } } as const;
const documented = ({ type, meaning }: Setting) => ({
  description: meaning,
  ...(type === 'array' || type === 'object' ? inner[type] : {}),
});

const Settings = settings((setting) =>
  z.nullable(setting.schema).openapi({
    ...documented(setting),
    type: POOL_DEFAULTS[setting.field] === null ? [setting.type, 'null'] : setting.type,
  }),
).openapi('VmPoolSettings');

const Change = settings((setting) => {
  const { schema, type } = setting;
  const given: z.ZodType = type === 'object' ? z.preprocess(fromPairs, schema) : schema;
  return z.preprocess(alone, clearable(given)).openapi({ ...documented(setting), type });
});

/** A list of one is that one: an empty one clears, too. */
function alone(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** A mapping of one `name=value` or several; what is no such thing stays as it is. */
function fromPairs(value: unknown): unknown {
  const pairs = [value].flat().map((one) => (typeof one === 'string' ? /^([^=]+)=(.*)$/s.exec(one) : null));
  return pairs.every((pair) => pair !== null) ? Object.fromEntries(pairs.map(([, key, one]) => [key, one])) : value;
}

const POOLS = { tag: 'VM pool', unknown: 'refused' } as const;
const PATH = '/pool-settings';

/** What holds for all VM pools (beyond PVC), by the names of a vmpooler.yaml. */
export const poolSettingRoutes = (pools: Pick<PoolService, 'settings' | 'changeSettings'>): readonly Route[] => [
  route(
    'get',
    PATH,
    { ...POOLS, summary: 'Show the settings of all VM pools', responses: objectOf(Settings) },
    async () => ok(settingValues(await pools.settings())),
  ),
  route(
    'put',
    PATH,
    {
      ...POOLS,
      summary: 'Change the settings of all VM pools',
      description:
        'A value left out stays as it is; an empty one, or null, is the default. Mappings are JSON objects, or `name=value`, repeatable.',
      values: Change,
      nulls: 'kept',
      responses: MESSAGE,
    },
    async ({ values, principal }) => {
      await pools.changeSettings(principal, settingsOf(values));
      return ok({ message: 'Changed the settings of VM pools.' });
    },
  ),
];
