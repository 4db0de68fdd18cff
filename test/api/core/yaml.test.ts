import { expect, it } from 'vitest';
import { readYaml } from '../../../api/core/yaml.ts';

const TEXT =
  'args: {a: 1.10, b: 0644, c: 12345678901234567890, d: 1e3, e: 0x1F, f: true, g: "1.10", h: [1.10]}\nsize: 0x10\n';

it('keeps numbers as they are written where values are texts, and reads them elsewhere', () => {
  const args = { a: '1.10', b: '0644', c: '12345678901234567890', d: '1e3', e: '0x1F', f: true, g: '1.10', h: [1.1] };
  expect(readYaml(TEXT, { texts: 'args' })).toEqual({ value: { args, size: 16 } });
  expect(readYaml(TEXT)).toMatchObject({ value: { args: { a: 1.1, d: 1000 } } });
});

it.each(['', 'just a text', '[1.10]', 'args: 1.10'])(
  'takes %j, which has no such key or no values below it',
  (text) => {
    expect(readYaml(text, { texts: 'args' })).toEqual(readYaml(text));
  },
);
