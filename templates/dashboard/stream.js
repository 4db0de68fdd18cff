/** The server says something at least every 15 s: longer silence means that nobody is there, even if nothing said so. */
const SILENCE_MS = 40_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 15_000;

/** Follows the events at `url`, for ever: what ends is begun anew, after pauses that grow. */
export const follow = (url, parts, { heard, told, lost }) => {
  let source;
  let retryMs = FIRST_RETRY_MS;
  let watchdog;

  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(fail, SILENCE_MS);
  };
  const fail = () => {
    clearTimeout(watchdog);
    source.close();
    lost(Date.now() + retryMs);
    setTimeout(connect, retryMs);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  };
  const connect = () => {
    source = new EventSource(url);
    source.addEventListener('error', fail);
    for (const part of parts)
      source.addEventListener(part, ({ data }) => {
        retryMs = FIRST_RETRY_MS;
        alive();
        heard();
        told(part, JSON.parse(data));
      });
    alive();
  };
  connect();
};
