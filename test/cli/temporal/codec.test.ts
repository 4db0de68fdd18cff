import { defaultPayloadConverter } from '@temporalio/common';
import { expect, it } from 'vitest';
import { encryption } from '../../../cli/temporal/codec.ts';

const codec = encryption({ id: 'k', key: Buffer.alloc(32, 7) });
const of = (workflowId: string) => ({ type: 'workflow', namespace: 'default', workflowId }) as never;

it('binds what is written to its workflow', async () => {
  const sealed = await codec.encode([defaultPayloadConverter.toPayload({ secret: 1 })], of('a'));
  expect(Buffer.from(sealed[0]?.data ?? []).toString()).not.toContain('secret');
  expect(await codec.decode(sealed, of('a'))).toHaveLength(1);
  await expect(codec.decode(sealed, of('b'))).rejects.toThrow('belongs to default/a');
});

it('lets a schedule hand the nothing that one run returned to the next', async () => {
  const nothing = await codec.encode([defaultPayloadConverter.toPayload(undefined)], of('pools-1'));
  expect(await codec.decode(nothing, of('pools-2'))).toHaveLength(1);
});
