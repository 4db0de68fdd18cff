import { expect, it } from 'vitest';
import { CORE_DEFAULTS } from '../../../api/core/parts.ts';
import { ConfigSchema } from '../../../cli/config/schema.ts';
import { coreSettings } from '../../../cli/process/core.ts';

it('waits for guests as long as it is told, and ten minutes if it is not', () => {
  expect(coreSettings(ConfigSchema.parse({}))).toEqual(CORE_DEFAULTS);
  expect(CORE_DEFAULTS.waitTimeoutMs).toBe(600_000);
  const told = coreSettings(ConfigSchema.parse({ creations: { wait_minutes: 0.5 } }));
  expect(told).toEqual({ ...CORE_DEFAULTS, waitTimeoutMs: 30_000 });
});
