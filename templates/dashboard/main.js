import { byId, setText } from './dom.js';
import { showHeadline, showVerdict } from './headline.js';
import { showFailures, showFamilies } from './lists.js';
import { fillCurveTable, showCurves, showPools } from './pools.js';
import { follow } from './stream.js';
import { showWeek } from './week.js';
import { timeOf } from './words.js';

/** Words such as '3 min ago' are made anew so often. */
const TICK_MS = 5_000;

/** What the server last said, by part; and how far its clock is ahead of this one. */
const known = {};
let ahead = 0;
let heardAt = null;
const now = () => Date.now() + ahead;

const show = {
  pulse: (at) => {
    ahead = at - Date.now();
  },
  state: (state) => {
    byId('none').hidden = state.pools.length > 0;
    byId('filled').hidden = state.pools.length === 0;
    showHeadline(state);
    showVerdict(state);
    showPools(state.pools, now());
    showFamilies(state.families);
    if (known.curves) showCurves(known.curves, state.pools);
  },
  curves: (curves) => {
    if (known.state) showCurves(curves, known.state.pools);
    fillCurveTable(curves);
  },
  days: showWeek,
  failures: (failures) => showFailures(failures, now()),
};

const connection = (state, words) => {
  document.body.dataset.connection = state;
  setText(byId('connection-words'), words);
};

follow('events', Object.keys(show), {
  heard: () => {
    heardAt = Date.now();
    byId('lost').hidden = true;
    connection('live', 'live');
  },
  told: (part, value) => {
    known[part] = value;
    show[part](value);
  },
  lost: (retryAt) => {
    const old = heardAt === null ? 'Nothing was heard yet.' : `The numbers below are of ${timeOf(heardAt)}.`;
    setText(byId('lost'), `Connection lost, retrying at ${timeOf(retryAt)}. ${old}`);
    byId('lost').hidden = false;
    connection('lost', 'connection lost, retrying');
  },
});

byId('filter').addEventListener('input', () => known.state && show.state(known.state));
byId('curve-table').addEventListener('toggle', () => fillCurveTable(known.curves));
setInterval(() => {
  if (known.state) showPools(known.state.pools, now());
}, TICK_MS);
