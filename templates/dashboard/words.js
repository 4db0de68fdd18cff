const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const seconds = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const date = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short', timeZone: 'UTC' });

export const count = (value) => number.format(value);

export const plural = (value, one, many) => `${count(value)} ${value === 1 ? one : many}`;

export const hourOf = (at) => clock.format(at);

export const timeOf = (at) => seconds.format(at);

/** With the day, if it is not today. */
export const momentOf = (at, now) =>
  new Date(at).toDateString() === new Date(now).toDateString() ? timeOf(at) : `${date.format(at)}, ${hourOf(at)}`;

/** Of a YYYY-MM-DD. */
export const weekdayOf = (day) => weekday.format(new Date(`${day}T00:00:00Z`));

/** How long ago, roughly. */
export const since = (at, now) => {
  const s = Math.max(0, Math.round((now - at) / 1000));
  if (s < 60) return 'just now';
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 2 * 86400) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86400)} days ago`;
};

/** Of more than two lines, the first, which says what failed, and the last, which most often says why. */
export const shortly = (text) => {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 2 ? `${lines[0]} … ${lines.at(-1).trim()}` : lines.join(' ');
};

/** What a pool is at, its reason apart. */
export const stateOf = (pool, now) => {
  const missing = pool.size - pool.ready;
  const coming = pool.pending > 0 ? `${count(pool.pending)} on their way` : 'waiting for its turn';
  switch (pool.condition) {
    case 'given-up':
      return {
        level: 'bad',
        words: `given up after ${plural(pool.failures, 'failure', 'failures')}`,
        reason: pool.lastError,
      };
    case 'backing-off':
      return pool.retryAt > now
        ? { level: 'bad', words: `backing off until ${timeOf(pool.retryAt)}`, reason: pool.lastError }
        : {
            level: 'warn',
            words: `trying again after ${plural(pool.failures, 'failure', 'failures')}`,
            reason: pool.lastError,
          };
    case 'refilling':
      return pool.ready === 0
        ? { level: 'bad', words: `empty: ${coming}`, reason: null }
        : { level: 'warn', words: `refilling: ${count(missing)} missing, ${coming}`, reason: null };
    default:
      return { level: 'ok', words: pool.size === 0 ? 'ok: on demand only' : 'ok', reason: null };
  }
};
