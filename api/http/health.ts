import { Router } from 'express';
import type { AppMetrics } from './metrics.ts';

/** Something the API needs to do its work. */
export interface Check {
  readonly name: string;
  /** Rejects with the reason when it is not there. */
  check(signal: AbortSignal): Promise<void>;
}

const CHECK_TIMEOUT_MS = 2_000;

/** `/healthz` (this process lives), `/readyz` (what it needs is there) and `/metrics`; open to anyone. */
export function healthRouter(checks: readonly Check[], metrics: AppMetrics | undefined): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    const results = await Promise.all(checks.map(run));
    const ready = results.every(([, result]) => result === 'ok');
    response
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ok' : 'unavailable', checks: Object.fromEntries(results) });
  });
  if (metrics !== undefined) {
    router.get('/metrics', async (_request, response) => {
      response.set('Content-Type', metrics.contentType).send(await metrics.text());
    });
  }
  return router;
}

async function run({ name, check }: Check): Promise<readonly [string, string]> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), {
      once: true,
    });
  });
  try {
    await Promise.race([check(signal), late]);
    return [name, 'ok'];
  } catch (error) {
    return [name, error instanceof Error ? error.message : String(error)];
  }
}
