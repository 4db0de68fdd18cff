import { Command } from 'commander';
import { z } from 'zod';
import { part } from '../client/part.ts';
import { readNewPassword } from '../client/password.ts';
import { table } from '../client/table.ts';
import { apiOf, type ClientOptions, clientCommand, printJson, printLine } from './client.ts';

const UserRow = z.looseObject({ name: z.string(), role: z.string(), created_at: z.string() });
type UserRow = z.infer<typeof UserRow>;

const COLUMNS = {
  NAME: (user: UserRow) => user.name,
  ROLE: (user: UserRow) => user.role,
  CREATED: (user: UserRow) => user.created_at,
};

const EXAMPLES = `
They may log in where the configuration says accounts.provider: users. Passwords are asked for, or read from standard input.

Examples:
  slipway user add jdoe
  slipway user add boss --admin < password.txt
  slipway user passwd jdoe`;

/** `slipway user …`. */
export function userCommand(): Command {
  return new Command('user')
    .description('People with a password')
    .addHelpText('after', EXAMPLES)
    .addCommand(list())
    .addCommand(add())
    .addCommand(passwd())
    .addCommand(remove());
}

const list = (): Command =>
  clientCommand('list', 'all users').action(async (options: ClientOptions) => {
    const answer = await apiOf(options).get('/user');
    if (options.json) return printJson(answer);
    printLine(table(COLUMNS, z.array(UserRow).parse(answer), 'No users yet: slipway user add NAME'));
  });

interface AddOptions extends ClientOptions {
  readonly admin?: boolean;
}

const add = (): Command =>
  clientCommand('add', 'add a user; the password is asked for, or read from standard input')
    .argument('<name>', 'kept in lower case')
    .option('--admin', 'as an administrator')
    .action(async (name: string, { admin, ...options }: AddOptions) => {
      const api = apiOf(options);
      const password = await readNewPassword();
      const answer = await api.post('/user', { name, password, role: admin ? 'admin' : 'user' });
      if (options.json) return printJson(answer);
      printLine(`Added ${UserRow.parse(answer).name}.`);
    });

const passwd = (): Command =>
  clientCommand('passwd', "change a user's password; tokens that they issued stay")
    .argument('<name>')
    .action(async (name: string, options: ClientOptions) => {
      const api = apiOf(options);
      const answer = await api.put(`/user/${part(name)}`, { password: await readNewPassword() });
      if (options.json) return printJson(answer);
      printLine('Changed.');
    });

const remove = (): Command =>
  clientCommand('delete', 'remove a user and the tokens that they issued')
    .argument('<name>')
    .action(async (name: string, options: ClientOptions) => {
      const answer = await apiOf(options).delete(`/user/${part(name)}`);
      if (options.json) return printJson(answer);
      printLine('Removed.');
    });
