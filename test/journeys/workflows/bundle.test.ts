import { cp, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bundleOptions, workflowBundle } from '../../../cli/temporal/bundle.ts';
import { WORKFLOW_OF } from '../../../domain/task.ts';
import { becauseNoDisk, fullDisk, noFullDisk } from '../../full-disk.ts';

const QUIET = { log: () => undefined, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
const ROOT = join(import.meta.dirname, '../../..');

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-bundle-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** Files of this repository, and packages, that a bundle is made of: webpack names each before its module. */
function modulesOf(code: string): { readonly ours: readonly string[]; readonly packages: readonly string[] } {
  const paths = [...code.matchAll(/^\/\*\*\*\/ "([^"\n]+)"$/gm)].map((match) => match[1] ?? '');
  const foreign = paths.filter((path) => path.includes('node_modules/'));
  const packages = foreign.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path);
  return {
    ours: paths.filter((path) => !path.includes('node_modules/') && path.endsWith('.ts')),
    packages: [...new Set(packages)].sort(),
  };
}

it('holds the plans, the language of the product and the engine, and nothing that acts', async () => {
  const { codePath } = await workflowBundle(dir, QUIET);
  const { ours, packages } = modulesOf(await readFile(codePath, 'utf8'));
  expect(ours.length).toBeGreaterThan(20);
  expect(
    ours.filter((path) => !/^\.\/(workflows|domain)\/|^\.\/cli\/temporal\/failure-converter\.ts$/.test(path)),
  ).toEqual([]);
  expect(packages).toEqual(['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc']);
});

it('exports a workflow for every kind of task, and those that keep pools', async () => {
  const exported = Object.keys(await import('../../../workflows/index.ts')).sort();
  expect(exported).toEqual([...Object.values(WORKFLOW_OF), 'keepPool', 'wakePools'].sort());
});

it('is made once, by whoever comes first, and leaves nothing half-made', async () => {
  const made = await Promise.all([workflowBundle(dir, QUIET), workflowBundle(dir, QUIET)]);
  const found = await workflowBundle(dir, QUIET);
  expect(found).toEqual({ codePath: made[0].codePath, fresh: false });
  expect(await readdir(dir)).toEqual([found.codePath.slice(dir.length + 1)]);
  expect((await stat(found.codePath)).size).toBeGreaterThan(100_000);
});

it.skipIf(noFullDisk)(`leaves nothing where it does not fit${becauseNoDisk}`, async () => {
  const disk = fullDisk();
  try {
    await expect(workflowBundle(disk.dir, QUIET)).rejects.toThrow('ENOSPC');
    expect(await readdir(disk.dir)).toEqual(['others']);
  } finally {
    disk.remove();
  }
});

it.each([
  ['the clock of the host', "import { hrtime } from 'node:process';\nexport const now = hrtime;"],
  ['a file', "import { readFile } from 'fs/promises';\nexport const read = readFile;"],
  ['chance', "import { randomUUID } from 'crypto';\nexport const id = randomUUID;"],
])('cannot be made of a workflow that reaches for %s', async (_, text) => {
  const workflows = join(ROOT, 'workflows');
  await cp(workflows, join(dir, 'workflows'), { recursive: true });
  await cp(join(ROOT, 'domain'), join(dir, 'domain'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  const path = join(dir, 'workflows/index.ts');
  const bundle = () => bundleWorkflowCode({ ...bundleOptions(QUIET), workflowsPath: path });
  await writeFile(path, 'export async function harmless() {}');
  await expect(bundle()).resolves.toHaveProperty('code');
  await writeFile(path, text);
  await expect(bundle()).rejects.toThrow();
});
