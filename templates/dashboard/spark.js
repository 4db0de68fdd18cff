import { svg } from './dom.js';

const HEIGHT = 32;

/** Runs of values without a gap, each a list of points; a lone value becomes a short line. */
const runsOf = (values, y) => {
  const runs = [];
  let run = null;
  values.forEach((value, x) => {
    if (value === null) run = null;
    else if (run) run.push([x, y(value)]);
    else {
      run = [[x, y(value)]];
      runs.push(run);
    }
  });
  return runs.map((one) => (one.length === 1 ? [[Math.max(0, one[0][0] - 1), one[0][1]], one[0]] : one));
};

const path = (points) => points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x},${y.toFixed(1)}`).join('');

/** Ready VMs over a day; the dashed line is the size. */
export const sparkline = (name, values, size) => {
  const known = values.filter((value) => value !== null);
  const width = Math.max(values.length - 1, 1);
  const top = Math.max(size, 1, ...known);
  const y = (value) => HEIGHT - 1 - (value / top) * (HEIGHT - 3);
  const words =
    known.length === 0
      ? `No history of ${name} yet.`
      : `Ready VMs of ${name} in the last 24 hours: ${Math.min(...known)} at the least, ${Math.max(...known)} at the most, ${known.at(-1)} at last.`;
  const drawing = svg('svg', {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': words,
  });
  drawing.append(svg('title', {}, words));
  if (size > 0) drawing.append(svg('line', { class: 'goal', x1: 0, x2: width, y1: y(size), y2: y(size) }));
  for (const run of runsOf(values, y)) {
    const [first, last] = [run[0], run.at(-1)];
    drawing.append(svg('path', { class: 'area', d: `${path(run)}L${last[0]},${HEIGHT}L${first[0]},${HEIGHT}Z` }));
    drawing.append(svg('path', { class: 'line', d: path(run) }));
  }
  return drawing;
};
