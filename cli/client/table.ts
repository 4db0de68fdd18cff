import { printable } from './progress-line.ts';

/** Columns by heading; a row gives a value for each. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => string | number | null | undefined>>;

/** Rows below their headings, in columns as wide as they need; without rows, `empty`. */
export function table<Row>(columns: Columns<Row>, rows: readonly Row[], empty: string): string {
  if (rows.length === 0) return empty;
  const headings = Object.keys(columns);
  const cells = [headings, ...rows.map((row) => Object.values(columns).map((value) => cell(value(row))))];
  const widths = headings.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const cell = (value: string | number | null | undefined): string => {
  const text = printable(String(value ?? '')).replaceAll('\n', ' ');
  return text === '' ? '-' : text;
};
