import { exitStatus, explain } from './failure.ts';
import { program } from './program.ts';

try {
  await program().parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error, process.env.SLIPWAY_DEBUG === '1')}\n`);
  process.exitCode = exitStatus(error);
}
