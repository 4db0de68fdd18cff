import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forgetBoot, isFirstOfBoot, rememberBoot } from '../../../cli/process/boot.ts';

it('tells a boot of the host from a mere restart of the node', () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-boot-'));
  const file = join(dir, 'boot');
  const seen = [isFirstOfBoot(file)];
  rememberBoot(file);
  seen.push(isFirstOfBoot(file));
  writeFileSync(file, 'a0000000-0000-4000-8000-000000000000\n');
  seen.push(isFirstOfBoot(file));
  rememberBoot(file);
  forgetBoot(file);
  seen.push(isFirstOfBoot(file));
  rmSync(dir, { recursive: true });
  expect(seen).toEqual([true, false, true, true]);
});
