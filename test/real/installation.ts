import { readdirSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { dataDir, slipway } from '../journeys/installation.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Data directory of the real tests' one installation: the packages of its base image are installed once for all of them. */
    readonly data: string;
  }
}

/** Before the first test; what it returns removes the installation, guests and all, after the last. */
export default function installation(project: TestProject): () => Promise<void> {
  const data = dataDir();
  project.provide('data', data.dir);
  return async () => {
    const used = readdirSync(data.dir).length > 0;
    const down = used ? await slipway('down', '--purge', '--data', data.dir) : { code: 0, stderr: '' };
    data.remove();
    if (down.code !== 0) throw new Error(`the installation of the real tests was not removed: ${down.stderr}`);
  };
}
