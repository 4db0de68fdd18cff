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

/** Bytes of lines that are kept for a log that cannot be written to; later ones are dropped. */
const KEPT_BYTES = 1024 * 1024;

/**
 * Structured log of one process: JSON lines into `file`, or on standard error. Standard output is the command's own. A log that
 * cannot be written to, as on a full disk, ends no work: its lines follow when it can.
 */
export function openLog(options: {
  readonly process: string;
  readonly debug: boolean;
  readonly file?: string | undefined;
}): Logger {
  // Synchronous: the last lines before a kill are the ones that are wanted.
  const destination = pino.destination({
    ...{ dest: options.file ?? 2, sync: true, append: true, mkdir: true },
    maxLength: KEPT_BYTES,
  });
  // There is nowhere left to say it; without anybody who hears it, it would end the process.
  destination.on('error', () => undefined);
  return pino(
    {
      base: { process: options.process },
      level: options.debug ? 'debug' : 'info',
      redact: { paths: REDACT, censor: '[secret]' },
    },
    destination,
  );
}
