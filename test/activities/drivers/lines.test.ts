import { expect, it } from 'vitest';
import { LINE_MAX, lines } from '../../../activities/drivers/lines.ts';

const cut = (...chunks: readonly string[]): readonly string[] => {
  const told: string[] = [];
  const splitter = lines((line) => told.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return told;
};

it.each([
  [['a\nb\n'], ['a', 'b']],
  [
    ['a', 'b\nc'],
    ['ab', 'c'],
  ],
  [['10%\r20%\r\ndone\n'], ['10%', '20%', 'done']],
  [
    ['a\r', '\nb'],
    ['a', 'b'],
  ],
  [
    ['a\r', 'b'],
    ['a', 'b'],
  ],
  [['\n\na'], ['', '', 'a']],
  [[], []],
  [['', 'a', ''], ['a']],
])('cuts %j into %j', (chunks, told) => {
  expect(cut(...chunks)).toEqual(told);
});

it('tells a line that never ends in pieces, and keeps no more than one of them', () => {
  const told = cut('x'.repeat(LINE_MAX), 'x'.repeat(LINE_MAX), 'y\nz');
  expect(told.map((line) => line.length)).toEqual([LINE_MAX, LINE_MAX, 1, 1]);
});
