import { CommanderError } from 'commander';
import { isDebugging } from './debugging.ts';
import { exitStatus, explain } from './failure.ts';
import { watchOutput } from './output.ts';
import { program } from './program.ts';

/** What a command has left after its end, as an engine's threads that could not be ended, does not keep its process. */
const LINGER_MS = 1_000;

watchOutput();
try {
  await program().parseAsync();
} catch (error) {
  // Commander has said what there is to say.
  if (!(error instanceof CommanderError)) process.stderr.write(`${explain(error, isDebugging())}\n`);
  process.exitCode = exitStatus(error);
}
// A slow reader gets all of it: a pipe takes 64 KiB at a time.
for (const output of [process.stdout, process.stderr]) await new Promise((written) => output.write('', written));
setTimeout(() => process.exit(), LINGER_MS).unref();
