import { Command, Option } from 'commander';
import { z } from 'zod';
import { part } from '../client/part.ts';
import { table } from '../client/table.ts';
import { apiOf, type ClientOptions, clientCommand, printJson, printLine } from './client.ts';

const TokenRow = z.looseObject({
  id: z.string(),
  description: z.string(),
  role: z.string(),
  tenant: z.string(),
  created_at: z.string(),
  last_used_at: z.string().nullable(),
});
type TokenRow = z.infer<typeof TokenRow>;

const COLUMNS = {
  ID: (token: TokenRow) => token.id,
  DESCRIPTION: (token: TokenRow) => token.description,
  ROLE: (token: TokenRow) => token.role,
  TENANT: (token: TokenRow) => token.tenant,
  CREATED: (token: TokenRow) => token.created_at,
  'LAST USED': (token: TokenRow) => token.last_used_at ?? 'never',
};

const EXAMPLES = `
Examples:
  slipway token create --description ci --role user
  slipway token delete 5f0d9a1e-…`;

/** `slipway token …`. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('Keys to the API')
    .addHelpText('after', EXAMPLES)
    .addCommand(list())
    .addCommand(create())
    .addCommand(remove());
}

const list = (): Command =>
  clientCommand('list', 'all tokens; their texts are not kept').action(async (options: ClientOptions) => {
    const answer = await apiOf(options).get('/token');
    if (options.json) return printJson(answer);
    printLine(table(COLUMNS, z.array(TokenRow).parse(answer), 'No tokens.'));
  });

interface CreateOptions extends ClientOptions {
  readonly description: string;
  readonly role: string;
  readonly tenant?: string;
}

const create = (): Command =>
  clientCommand('create', 'make a token; its text is printed this once')
    .requiredOption('--description <text>', 'whose it is, or what for')
    .addOption(new Option('--role <role>', 'what it permits').choices(['admin', 'user', 'viewer']).default('user'))
    .option('--tenant <tenant>', 'owner of what it creates')
    .action(async ({ description, role, tenant, ...options }: CreateOptions) => {
      const answer = await apiOf(options).post('/token', { description, role, ...(tenant ? { tenant } : {}) });
      if (options.json) return printJson(answer);
      printLine(z.looseObject({ token: z.string() }).parse(answer).token);
    });

const remove = (): Command =>
  clientCommand('delete', 'remove a token; sessions made with it end')
    .argument('<id>', 'its id (slipway token list), not its text')
    .action(async (id: string, options: ClientOptions) => {
      const answer = await apiOf(options).delete(`/token/${part(id)}`);
      if (options.json) return printJson(answer);
      printLine('Removed.');
    });
