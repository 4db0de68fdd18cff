import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { invalid } from '../../domain/fault.ts';

/** A new password: the first line of standard input; asked for twice, without echo, where that is a terminal. */
export async function readNewPassword(): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  const password = await ask('Password: ');
  if ((await ask('The same again: ')) !== password) throw invalid('password', 'was not the same twice.');
  return password;
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw invalid('password', 'is missing: give it on standard input.');
}

/** Readline edits the line as usual; what it would show goes nowhere. */
async function ask(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(invalid('password', 'was not given.')));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
