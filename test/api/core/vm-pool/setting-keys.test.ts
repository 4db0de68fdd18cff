import { expect, it } from 'vitest';
import { SETTING_KEYS, settingsOf, settingValues } from '../../../../api/core/vm-pool/setting-keys.ts';
import { POOL_DEFAULTS } from '../../../../domain/vm-pool.ts';

it('has a name for every setting, once', () => {
  const fields = Object.values(SETTING_KEYS).map(({ field }) => field);
  expect(fields.toSorted()).toEqual(Object.keys(POOL_DEFAULTS).toSorted());
});

it('makes the settings of what it shows of them', () => {
  const { domain, allowedTags } = { domain: 'company.com', allowedTags: ['user'] };
  const settings = { ...POOL_DEFAULTS, domain, allowedTags, lifetimeHours: 7 };
  expect(settingsOf(settingValues(settings))).toEqual(settings);
});

it('takes null for the default and leaves out what is not given', () => {
  expect(settingsOf({ vm_lifetime: null, domain: undefined, prefix: 'ci-' })).toEqual({
    lifetimeHours: POOL_DEFAULTS.lifetimeHours,
    prefix: 'ci-',
  });
});
