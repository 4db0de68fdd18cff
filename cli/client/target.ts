import { readFileSync } from 'node:fs';
import { invalid, unavailable } from '../../domain/fault.ts';
import { readInstance } from '../instance/instance.ts';
import { defaultDataDir, pathsOf } from '../paths.ts';

/** Where the API is and how to be let in. */
export interface Target {
  readonly api: string;
  readonly token: string | null;
}

export interface TargetOptions {
  readonly api?: string | undefined;
  readonly data?: string | undefined;
}

/**
 * `--api`, else SLIPWAY_API, else the instance that runs on the data directory. The token is SLIPWAY_TOKEN, else the
 * data directory's, but that one is only ever sent to the instance it belongs to.
 */
export function findTarget(options: TargetOptions, env: NodeJS.ProcessEnv = process.env): Target {
  const named = options.api ?? env.SLIPWAY_API;
  const given = tokenIn(env);
  if (named) return { api: checked(named, options.api ? '--api' : 'SLIPWAY_API'), token: given };
  const dir = options.data ?? defaultDataDir();
  const paths = pathsOf(dir);
  const instance = readInstance(paths.instance);
  if (!instance) {
    throw unavailable(
      `No 'slipway up' runs on ${dir}. Start it, name its data directory with --data, or, for an API that is a process of its own, set SLIPWAY_API (http://127.0.0.1:7370) and SLIPWAY_TOKEN (what ${paths.token} holds).`,
    );
  }
  return { api: instance.api, token: given ?? readToken(paths.token) ?? instance.token };
}

/** The token of the environment; 'invalid' for what no header can carry. */
function tokenIn({ SLIPWAY_TOKEN }: NodeJS.ProcessEnv): string | null {
  const token = SLIPWAY_TOKEN?.trim();
  if (!token) return null;
  if (/[^\x20-\x7e\x80-\xff]/.test(token))
    throw invalid('SLIPWAY_TOKEN', 'is no token: it has a line break or another character that cannot be sent');
  return token;
}

function checked(text: string, where: string): string {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) {
    throw invalid(where, `'${text}' is no address such as http://127.0.0.1:7370`);
  }
  const { username, password } = new URL(text);
  if (username + password !== '')
    throw invalid(where, 'has a name or password in it: a token is given by SLIPWAY_TOKEN');
  return text.replace(/\/+$/, '').replace(/\/api\/v1$/, '');
}

function readToken(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch {
    return null;
  }
}
