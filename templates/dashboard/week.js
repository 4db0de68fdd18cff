import { byId, el, setChildren, table } from './dom.js';
import { count, weekdayOf } from './words.js';

/**
 * Columns side by side, a group for each day. The number of a single one stands on it, those of several in lines above the group, where
 * they have its whole width; all are in the table.
 */
const columns = (label, days, series) => {
  const top = Math.max(1, ...days.flatMap((day) => series.map(({ value }) => value(day))));
  const number = (day, { kind, words }) => el('span', { class: `number ${kind}` }, words(day));
  const column = (day, one) => {
    const bar = el('span', { class: `column ${one.kind}` });
    bar.style.height = `${(one.value(day) / top) * 100}%`;
    return el('span', { class: 'slot' }, ...(series.length > 1 ? [] : [number(day, one)]), bar);
  };
  const numbers = (day) => el('span', { class: 'numbers' }, ...series.map((one) => number(day, one)));
  const group = (day, index) =>
    el(
      'span',
      { class: 'day' },
      ...(series.length > 1 ? [numbers(day)] : []),
      el('span', { class: 'slots' }, ...series.map((one) => column(day, one))),
      el('span', { class: 'label' }, index === days.length - 1 ? 'today' : weekdayOf(day.date)),
    );
  return el('div', { class: 'columns', role: 'img', 'aria-label': label }, ...days.map(group));
};

const CLONES = [
  { kind: 'clone', value: ({ clone }) => clone.count.total, words: ({ clone }) => count(clone.count.total) },
];
/** To a tenth of a second, from 1,000 s on to a second. */
const shown = (seconds) => count(seconds < 1000 ? seconds : Math.round(seconds));
const average = (kind) => ({
  kind,
  value: (day) => day[kind].duration.average,
  words: (day) => (day[kind].count.total === 0 ? '–' : shown(day[kind].duration.average)),
});
const AVERAGES = [average('clone'), average('boot')];

const legend = () =>
  el(
    'p',
    { class: 'legend', 'aria-hidden': 'true' },
    el('span', { class: 'key clone' }),
    'clone',
    el('span', { class: 'key boot' }),
    'boot (clone included)',
  );

export const showWeek = (days) => {
  const sum = days.reduce((total, { clone }) => total + clone.count.total, 0);
  byId('clones-chart').replaceChildren(
    columns(`${count(sum)} clones in 7 days; the table below has each day.`, days, CLONES),
  );
  const today = days.at(-1);
  const words = `Average seconds of clones and boots in 7 days; today ${today.clone.duration.average} and ${today.boot.duration.average}. The table below has each day.`;
  byId('average-chart').replaceChildren(columns(words, days, AVERAGES), legend());
  const rows = days.map(({ date, clone, boot }) => [
    date,
    ...[clone, boot].flatMap(({ count: { total }, duration }) => [
      count(total),
      duration.average,
      duration.min,
      duration.max,
    ]),
  ]);
  const heads = ['clone', 'boot'].flatMap((kind) => [`${kind}s`, `${kind} average, s`, 'least, s', 'most, s']);
  const box = el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'The last 7 days as a table' },
    table('Clones and boots by day', ['Day', ...heads], rows),
  );
  const details = byId('week-table');
  setChildren(details, [details.firstElementChild, box]);
};
