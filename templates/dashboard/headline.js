import { byId, el, setAttribute, setText } from './dom.js';
import { count } from './words.js';

/** The figures that are read from afar: what each is called, says, and adds in small print. */
const FIGURES = [
  {
    name: 'Ready',
    big: ({ capacity }) => `${count(capacity.current)} / ${count(capacity.total)}`,
    small: ({ capacity }) => `${capacity.percent} % of what is to be ready`,
    share: ({ capacity }) => Math.min(100, capacity.percent),
  },
  {
    name: 'Pending',
    big: ({ queue }) => count(queue.pending),
    small: ({ queue }) => `${count(queue.cloning)} cloning, ${count(queue.booting)} booting`,
  },
  { name: 'Running', big: ({ queue }) => count(queue.running), small: () => 'checked out' },
  { name: 'Completed', big: ({ queue }) => count(queue.completed), small: () => 'being deleted' },
  { name: 'Clones today', big: ({ clone }) => count(clone.count.total), small: ({ clone }) => spread(clone) },
  { name: 'Boots today', big: ({ boot }) => count(boot.count.total), small: ({ boot }) => spread(boot) },
];

const spread = ({ duration, count: { total } }) =>
  total === 0 ? 'none yet' : `${duration.average} s on average, ${duration.min} to ${duration.max} s`;

const shown = FIGURES.map((figure) => {
  const big = el('dd', { class: 'big' });
  const small = el('dd', { class: 'small' });
  const level = figure.share && el('span', { class: 'level' });
  const meter = level && el('dd', { class: 'meter', 'aria-hidden': 'true' }, level);
  const node = el('div', { class: 'figure' }, el('dt', {}, figure.name), big, ...(meter ? [meter] : []), small);
  return { ...figure, node, big, small, level, of: figure };
});

export const showHeadline = (state) => {
  const list = byId('headline');
  if (list.childElementCount === 0) list.append(...shown.map(({ node }) => node));
  for (const { of, big, small, level } of shown) {
    setText(big, of.big(state));
    setText(small, of.small(state));
    if (level) level.style.width = `${of.share(state)}%`;
  }
};

/** One sentence about all of it. */
export const showVerdict = ({ pools, empty }) => {
  const stuck = pools.filter(({ condition }) => condition === 'given-up' || condition === 'backing-off');
  const node = byId('verdict');
  const level = empty.length > 0 || stuck.length > 0 ? 'bad' : 'ok';
  setAttribute(node, 'data-level', pools.length === 0 ? 'none' : level);
  if (pools.length === 0) return setText(node, 'Nothing to keep ready yet.');
  const sentences = [
    ...(empty.length > 0
      ? [`${empty.length === 1 ? '1 pool is' : `${empty.length} pools are`} empty: ${few(empty)}.`]
      : []),
    ...(stuck.length > 0 ? [`Failing: ${few(stuck.map(({ name }) => name))}.`] : []),
  ];
  setText(node, sentences.join(' ') || 'Every pool has ready VMs.');
};

const few = (names) =>
  names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
