import { byId, el } from './dom.js';
import { count, momentOf, shortly } from './words.js';

/** Checked-out VMs by the word before the first dash of their pool's name, most first. */
export const showFamilies = (families) => {
  const sorted = Object.entries(families).sort(([a, x], [b, y]) => y.running - x.running || (a < b ? -1 : 1));
  const top = Math.max(1, ...sorted.map(([, { running }]) => running));
  const row = ([family, { running }]) => {
    const level = el('span', { class: 'level' });
    level.style.width = `${(running / top) * 100}%`;
    return el(
      'li',
      {},
      el('span', { class: 'family' }, family),
      el('span', { class: 'meter', 'aria-hidden': 'true' }, level),
      el('span', { class: 'number' }, count(running)),
    );
  };
  byId('families').replaceChildren(...sorted.map(row));
};

export const showFailures = (failures, now) => {
  const box = byId('failures');
  if (failures.length === 0) return box.replaceChildren(el('p', { class: 'quiet' }, 'None in the last 7 days.'));
  const row = ({ at, pool, name, reason }) =>
    el(
      'li',
      {},
      el('time', { datetime: new Date(at).toISOString() }, momentOf(at, now)),
      el('span', { class: 'where' }, el('b', {}, pool), ...(name === null ? [] : [` ${name}`])),
      el('span', { class: 'reason', title: reason }, shortly(reason)),
    );
  box.replaceChildren(el('ol', { class: 'failures' }, ...failures.map(row)));
};
