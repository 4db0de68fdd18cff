import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import type { Response } from 'express';
import type { Reply } from './reply.ts';
import type { Exchange } from './request.ts';
import { send } from './send.ts';

/** Larger bodies are compressed beside the event loop: smaller ones take longer to get there. */
const LARGE_BYTES = 16_384;
const gzipBeside = promisify(gzip);

/**
 * Writes a document as JSON with two blanks of indentation, compressed if that is asked for; resolves when it is handed over.
 * Every answer is one text at hand, so nothing is streamed, and Node compresses it in one call.
 */
export async function sendPretty(response: Response, reply: Reply, known: Pick<Exchange, 'signal'>): Promise<void> {
  if ('events' in reply) return send(response, reply, known);
  response.setHeader('Content-Type', 'text' in reply ? reply.type : 'application/json');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Vary', 'Accept-Encoding');
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.statusCode = reply.status;
  const text = Buffer.from('text' in reply ? reply.text : JSON.stringify(reply.body, null, 2));
  const asked =
    response.req.headers['accept-encoding'] !== undefined && response.req.acceptsEncodings(['gzip', 'identity']);
  if (asked === 'gzip') response.setHeader('Content-Encoding', 'gzip');
  const body = asked === 'gzip' ? await zipped(text) : text;
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

const zipped = async (text: Buffer): Promise<Buffer> => (text.length > LARGE_BYTES ? gzipBeside(text) : gzipSync(text));
