import { expect } from 'vitest';
import type { Run } from '../activities/drivers/run.ts';
import { DomainError } from '../domain/fault.ts';

/** One command that is expected, and what it answers; a code above 0 fails as `run` does, unless the caller takes it. */
export interface ScriptedCommand {
  readonly argv: string;
  readonly stdout?: string;
  readonly code?: number;
}

/**
 * A `run` that knows an exact list of commands, in order, their words joined by spaces. Another command fails by name, and
 * `done()` fails by name for those never run.
 */
export function scriptedRun(script: readonly ScriptedCommand[]): { readonly run: Run; readonly done: () => void } {
  const left = [...script];
  return {
    run: async (argv, options) => {
      const line = argv.join(' ');
      const next = left.shift();
      if (next?.argv !== line)
        throw new Error(`not in the script: ${line}\n     expected: ${next?.argv ?? 'nothing more'}`);
      const code = next.code ?? 0;
      if (!(options?.okCodes ?? [0]).includes(code)) {
        throw new DomainError({ kind: 'internal', why: `'${line}' ended with ${code}` });
      }
      for (const text of (next.stdout ?? '').split('\n')) options?.line?.(text);
      return { code, stdout: next.stdout ?? '', stderr: '' };
    },
    done: () =>
      expect(
        left.map(({ argv }) => argv),
        'commands never run',
      ).toEqual([]),
  };
}
