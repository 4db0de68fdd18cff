import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type Logger } from '@temporalio/worker';
import { replaceFile } from '../replace-file.ts';
import { failureConverterPath } from './connection.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What the bundle is made of, besides the SDK. */
const SOURCES = ['workflows', 'domain'];
/** Sources of a checkout, or what the package's build made of them. */
const EXTENSION = extname(import.meta.filename);
const WORKFLOWS = join(ROOT, `workflows/index${EXTENSION}`);
const INTERCEPTORS = join(ROOT, `workflows/interceptors${EXTENSION}`);

export interface WorkflowBundle {
  readonly codePath: string;
  /** Whether it was made now rather than found. */
  readonly fresh: boolean;
}

/** The workflows as workers run them: made once per content of the sources and version of the SDK, then found in `cacheDir`. */
export async function workflowBundle(cacheDir: string, logger?: Logger): Promise<WorkflowBundle> {
  const codePath = join(cacheDir, `workflows-${await fingerprint()}.js`);
  if (await stat(codePath).catch(() => null)) return { codePath, fresh: false };
  const { code } = await bundleWorkflowCode(bundleOptions(logger));
  await mkdir(cacheDir, { recursive: true });
  replaceFile(codePath, code);
  return { codePath, fresh: true };
}

/** What the bundle is made from: also how a replay has to make it. */
export const bundleOptions = (logger?: Logger) => ({
  workflowsPath: WORKFLOWS,
  workflowInterceptorModules: [INTERCEPTORS],
  failureConverterPath,
  ...(logger ? { logger } : {}),
});

async function fingerprint(): Promise<string> {
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string };
  const hash = createHash('sha256').update(version);
  const files = [failureConverterPath, ...(await Promise.all(SOURCES.map(sources))).flat()];
  for (const file of files.sort()) hash.update(file.slice(ROOT.length)).update(await readFile(file));
  return hash.digest('hex').slice(0, 24);
}

async function sources(dir: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, dir), { recursive: true });
  return entries.filter((name) => name.endsWith(EXTENSION)).map((name) => join(ROOT, dir, name));
}
