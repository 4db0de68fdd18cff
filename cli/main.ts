import { CommanderError } from 'commander';
import { isDebugging } from './debugging.ts';
import { exitStatus, explain } from './failure.ts';
import { watchOutput } from './output.ts';
import { program } from './program.ts';

watchOutput();
try {
  await program().parseAsync();
} catch (error) {
  // Commander has said what there is to say.
  if (!(error instanceof CommanderError)) process.stderr.write(`${explain(error, isDebugging())}\n`);
  process.exitCode = exitStatus(error);
}
