import { expect, it } from 'vitest';
import { output } from '../../../../activities/drivers/installer/output.ts';

const LONG = 'x'.repeat(1023);
const NOTICE = '(2097152 characters: of what the script writes from here on, the last 100 lines are kept)';

/** What is told of these lines: as they come, and in the end. */
function told(lines: readonly string[]) {
  const all: string[] = [];
  const { line, end, quoted } = output((text) => all.push(text));
  for (const text of lines) line(text);
  const coming = all.length;
  end();
  return { coming: all.slice(0, coming), ending: all.slice(coming), quoted: quoted() };
}

it('tells an output that is not too long as it comes', () => {
  const lines = Array.from({ length: 1000 }, (_, n) => `${n}`);
  expect(told(lines)).toEqual({ coming: lines, ending: [], quoted: lines.slice(-20) });
});

it('tells the beginning and the end of one that is, and how much was cut', () => {
  const lines = Array.from({ length: 5000 }, (_, n) => `${n} ${LONG}`.slice(0, 1023));
  const { coming, ending, quoted } = told([...lines, 'RuntimeError: full']);
  expect(coming).toEqual([...lines.slice(0, 2047), NOTICE]);
  expect(ending).toEqual(['(2854 lines were cut here)', ...lines.slice(-99), 'RuntimeError: full']);
  expect(quoted.at(-1)).toBe('RuntimeError: full');
  expect(quoted[0]).toHaveLength(401);
});

it('cuts nothing of one that ends soon after', () => {
  const lines = Array.from({ length: 2050 }, () => LONG);
  const { coming, ending } = told([...lines, 'done']);
  expect(coming).toEqual([...lines.slice(0, 2047), NOTICE]);
  expect(ending).toEqual([...lines.slice(2047), 'done']);
});
