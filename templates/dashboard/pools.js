import { byId, el, setAttribute, setChildren, setText, table } from './dom.js';
import { sparkline } from './spark.js';
import { count, hourOf, shortly, since, stateOf } from './words.js';

/** With more pools than this a wall has room for the essence of each only. */
const MANY = 24;

const cards = new Map();

const makeCard = (name) => {
  const part = (tag, kind, attributes = {}) => el(tag, { class: kind, ...attributes });
  const parts = {
    also: part('p', 'also'),
    ready: part('span', 'ready'),
    size: part('span', 'of'),
    word: el('span', { class: 'of word' }, ' ready'),
    level: part('span', 'level'),
    meter: part('div', 'meter', { role: 'meter', 'aria-label': `Ready VMs of ${name}`, 'aria-valuemin': 0 }),
    state: part('p', 'state'),
    reason: part('p', 'reason'),
    pending: part('dd', 'value'),
    running: part('dd', 'value'),
    boot: part('dd', 'value'),
    spark: part('div', 'spark'),
  };
  parts.meter.append(parts.level);
  const fact = (term, value, kind = 'fact') => el('div', { class: kind }, el('dt', {}, term), value);
  const node = el(
    'li',
    { class: 'pool' },
    el('h3', { title: name }, name),
    el('p', { class: 'fill' }, parts.ready, parts.size, parts.word),
    parts.also,
    parts.meter,
    parts.spark,
    parts.state,
    parts.reason,
    el(
      'dl',
      {},
      fact('pending', parts.pending),
      fact('running', parts.running),
      fact('last boot', parts.boot, 'fact boot'),
    ),
  );
  return { node, ...parts, curve: null };
};

const alsoOf = ({ aliases, template }) =>
  [...(aliases.length > 0 ? [`also ${aliases.join(', ')}`] : []), template].join(' · ');

const updateCard = (card, pool, now) => {
  const { level, words, reason } = stateOf(pool, now);
  setAttribute(card.node, 'data-level', level);
  setText(card.also, alsoOf(pool));
  setText(card.ready, count(pool.ready));
  setText(card.size, ` / ${count(pool.size)}`);
  const share = pool.size === 0 ? (pool.ready > 0 ? 100 : 0) : Math.min(100, (pool.ready / pool.size) * 100);
  card.level.style.width = `${share}%`;
  setAttribute(card.level, 'data-fill', share < 100 ? 'some' : 'all');
  setAttribute(card.meter, 'aria-valuemax', Math.max(pool.size, pool.ready, 1));
  setAttribute(card.meter, 'aria-valuenow', pool.ready);
  setAttribute(card.meter, 'aria-valuetext', `${pool.ready} of ${pool.size}`);
  setText(card.state, words);
  setText(card.reason, shortly(reason ?? ''));
  setAttribute(card.reason, 'title', reason ?? '');
  card.reason.hidden = !reason;
  setText(card.pending, count(pool.pending));
  setText(card.running, count(pool.running));
  setText(card.boot, pool.lastReadyAt === null ? 'never' : since(pool.lastReadyAt, now));
  setAttribute(card.boot, 'title', pool.lastReadyAt === null ? '' : new Date(pool.lastReadyAt).toLocaleString());
};

/** Those that need somebody come first; the others keep their places whatever they are at. */
const urgency = ({ condition }) => (condition === 'given-up' ? 0 : condition === 'backing-off' ? 1 : 2);

const like = (pool, wanted, now) =>
  wanted === '' ||
  [pool.name, ...pool.aliases, pool.template, stateOf(pool, now).words].some((text) =>
    text.toLowerCase().includes(wanted),
  );

export const showPools = (pools, now) => {
  const wanted = byId('filter').value.trim().toLowerCase();
  const sorted = [...pools].sort((a, b) => urgency(a) - urgency(b) || (a.name < b.name ? -1 : 1));
  const seen = sorted.filter((pool) => like(pool, wanted, now));
  for (const name of cards.keys()) if (!pools.some((pool) => pool.name === name)) cards.delete(name);
  for (const pool of seen) {
    if (!cards.has(pool.name)) cards.set(pool.name, makeCard(pool.name));
    updateCard(cards.get(pool.name), pool, now);
  }
  setChildren(
    byId('pool-list'),
    seen.map(({ name }) => cards.get(name).node),
  );
  setText(
    byId('pools-count'),
    seen.length === pools.length ? count(pools.length) : `${count(seen.length)} of ${count(pools.length)}`,
  );
  document.documentElement.toggleAttribute('data-dense', pools.length > MANY);
  byId('pools-nothing').hidden = seen.length > 0;
};

/** Draws anew only the curves that are different. */
export const showCurves = (curves, pools) => {
  for (const { name, size } of pools) {
    const card = cards.get(name);
    const values = curves.pools[name]?.ready ?? [];
    const curve = JSON.stringify([values, size]);
    if (!card || card.curve === curve) continue;
    card.curve = curve;
    card.spark.replaceChildren(sparkline(name, values, size));
  }
};

const EVERY = 12;

/** Every second hour, as numbers; made when it is opened. */
export const fillCurveTable = (curves) => {
  const details = byId('curve-table');
  if (!details.open || !curves) return;
  const steps = Object.values(curves.pools)[0]?.ready.length ?? 0;
  const places = Array.from({ length: steps / EVERY }, (_, index) => index * EVERY);
  const least = (values, at) => {
    const some = values.slice(at, at + EVERY).filter((value) => value !== null);
    return some.length === 0 ? '–' : Math.min(...some);
  };
  const rows = Object.entries(curves.pools).map(([name, { ready }]) => [name, ...places.map((at) => least(ready, at))]);
  const heads = places.map((at) => `from ${hourOf(curves.from + at * curves.stepMs)}`);
  const shown = table('The least that was ready, in two hours each', ['Pool', ...heads], rows);
  const box = el('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Ready VMs as a table' }, shown);
  setChildren(details, [details.firstElementChild, box]);
};
