import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import type { AppMetrics } from './metrics.ts';

/** What the app knows of a request beside what Express knows; kept in `response.locals`. */
export interface Exchange {
  readonly id: string;
  readonly log: Logger;
  /** Aborted when the client has gone before its answer was written, or the server closes. */
  readonly signal: AbortSignal;
  /** Whether no answer could reach the client any more: known before `signal` says so. */
  readonly gone: boolean;
  /** The dialect and path template that serve it, once known. */
  dialect: string;
  route: string;
  account: string | null;
  task: string | null;
  /** Methods that its path knows. */
  readonly allow: Set<string>;
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

export const exchangeOf = (response: Response): Exchange => response.locals.exchange as Exchange;

/** A signal that is made when it is first asked for: most requests are over before anybody would look at it. */
function goneSignal(closing: AbortSignal | undefined): { signal(): AbortSignal; abort(): void } {
  const controller = new AbortController();
  let made: AbortSignal | undefined;
  return {
    signal: () => {
      made ??= closing === undefined ? controller.signal : AbortSignal.any([controller.signal, closing]);
      return made;
    },
    abort: () => controller.abort(),
  };
}

/**
 * Gives every request an id (the client's own X-Request-Id if it is a sane one), and writes one log line when it has ended.
 * Neither query nor body is logged: they may hold tokens and arguments.
 */
export function exchange(logger: Logger, closing: AbortSignal | undefined, metrics: AppMetrics['observe'] | undefined) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const asked = request.get('x-request-id');
    const id = asked !== undefined && REQUEST_ID.test(asked) ? asked : randomUUID();
    const gone = goneSignal(closing);
    let log: Logger | undefined;
    const known: Exchange = {
      id,
      get log() {
        log ??= logger.child({ requestId: id });
        return log;
      },
      get signal() {
        return gone.signal();
      },
      get gone() {
        return !request.socket.writable && !response.writableFinished;
      },
      dialect: '',
      route: '',
      account: null,
      task: null,
      allow: new Set(),
    };
    response.locals.exchange = known;
    response.set('X-Request-Id', id);
    const [path] = request.originalUrl.split('?', 1);
    const began = performance.now();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
      const ms = performance.now() - began;
      const { statusCode: status } = response;
      metrics?.({ dialect: known.dialect, method: request.method, route: known.route, status }, ms / 1000);
      const { dialect, route, account, task } = known;
      const line = {
        requestId: id,
        method: request.method,
        path,
        dialect,
        route,
        status,
        ms: Math.round(ms * 10) / 10,
        account,
        task,
      };
      if (response.writableFinished) logger.info(line, 'request');
      else logger.info(line, 'request, client gone');
    });
    next();
  };
}
