import { afterEach, beforeEach, expect, it } from 'vitest';
import type { VmId } from '../../domain/ids.ts';
import { appendToConsole, consoleTail } from '../../store/console.ts';
import type { Store } from '../../store/open.ts';
import { insertVm } from '../../store/vm.ts';
import { aVmRow } from '../guest-rows.ts';
import { scratch } from './scratch.ts';

const VM = 'web1' as VmId;
let at: ReturnType<typeof scratch>;
let store: Store;
beforeEach(async () => {
  at = scratch();
  store = at.open();
  await store.write((tx) => insertVm(tx, aVmRow(VM)));
});
afterEach(() => at.close());

const append = (offset: number, text: string) => store.write((tx) => appendToConsole(tx, VM, offset, text));

it('keeps each byte once, also where what is known comes again before what is new', async () => {
  await append(0, 'abcdef');
  await append(0, 'abc');
  await append(3, 'defghi');
  expect(await consoleTail(store.read, VM)).toBe('abcdefghi');
});
