import pino, { type Logger } from 'pino';

export type { Logger } from 'pino';

/** Fields that may hold a secret are never written. */
const REDACT = [
  'token',
  '*.token',
  'password',
  '*.password',
  'headers["x-api-key"]',
  'headers.cookie',
  '*.headers["x-api-key"]',
];

/** Structured log of one process: JSON lines into `file`, or on standard error. Standard output is the command's own. */
export function openLog(options: {
  readonly process: string;
  readonly debug: boolean;
  readonly file?: string | undefined;
}): Logger {
  const dest = options.file ?? 2;
  return pino(
    {
      base: { process: options.process },
      level: options.debug ? 'debug' : 'info',
      redact: { paths: REDACT, censor: '[secret]' },
    },
    // Synchronous: the last lines before a kill are the ones that are wanted.
    pino.destination({ dest, sync: true, append: true, mkdir: true }),
  );
}
