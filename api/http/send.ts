import type { Response } from 'express';
import type { Reply, ServerEvent } from './reply.ts';
import type { Exchange } from './request.ts';

/** Between comments that keep an idle event stream open through proxies, which close after 30-60 s. */
const KEEP_OPEN_MS = 15_000;

/** Writes a reply; resolves when it is handed over, an event stream when it has ended. */
export async function send(response: Response, reply: Reply, known: Pick<Exchange, 'signal'>): Promise<void> {
  if (reply.headers !== undefined) response.set({ ...reply.headers });
  response.status(reply.status);
  if ('events' in reply) return sendEvents(response, reply.events, known.signal);
  if ('text' in reply) response.type(reply.type).send(reply.text);
  else response.json(reply.body);
}

async function sendEvents(response: Response, events: AsyncIterable<ServerEvent>, signal: AbortSignal): Promise<void> {
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  response.flushHeaders();
  const keepOpen = setInterval(() => response.write(':\n\n'), KEEP_OPEN_MS);
  try {
    for await (const event of events) {
      if (signal.aborted) break;
      if (!response.write(eventText(event))) await drained(response, signal);
    }
  } catch (error) {
    // The status is sent already: a stream that breaks off is what tells the client to reconnect.
    if (!signal.aborted) throw error;
  } finally {
    clearInterval(keepOpen);
    response.end();
  }
}

const eventText = ({ id, event, data }: ServerEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

function drained(response: Response, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}
