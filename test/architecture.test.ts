import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

/** A layer: who belongs to it, what it may import from this repository, and from npm and Node. The first that matches counts. */
interface Layer {
  readonly name: string;
  readonly files: RegExp;
  readonly may: readonly RegExp[];
  /** Only `import type`. */
  readonly types?: readonly RegExp[];
  readonly packages: RegExp;
}

const NONE = /^$/;
const ANY = /./;
const NOT_TEMPORAL = /^(?!@temporalio\/)/;
/** Libraries of pure functions and values: no I/O. */
const PURE = /^(ipaddr\.js|handlebars|yaml|zod|@asteasolutions\/zod-to-openapi|node:crypto)$/;

/** The "May import" table of ARCHITECTURE.md. */
const LAYERS: readonly Layer[] = [
  { name: 'domain', files: /^domain\//, may: [/^domain\//], packages: NONE },
  {
    name: 'workflows',
    files: /^workflows\//,
    may: [/^domain\//, /^workflows\//],
    types: [/^activities\//],
    packages: /^@temporalio\/(workflow|common)$/,
  },
  {
    name: 'drivers',
    files: /^activities\/drivers\//,
    may: [/^domain\//, /^activities\/drivers\//],
    packages: NOT_TEMPORAL,
  },
  {
    name: 'activities',
    files: /^activities\//,
    may: [/^domain\//, /^store\//, /^activities\//, /^templates\//],
    packages: /^(?!@temporalio\/(client|worker|workflow)|express)/,
  },
  { name: 'store', files: /^store\//, may: [/^domain\//, /^store\//], packages: /^(node:|drizzle-orm|better-sqlite3)/ },
  {
    name: 'core',
    files: /^api\/core\//,
    may: [/^domain\//, /^store\//, /^api\/core\//],
    packages: /^(node:|ipaddr\.js|handlebars|yaml|zod)/,
  },
  {
    name: 'accounts',
    files: /^api\/accounts\//,
    // Passwords are kept and checked in one place.
    may: [/^domain\//, /^store\//, /^api\/accounts\//, /^api\/core\/password\.ts$/],
    packages: /^(node:|ldapts$)/,
  },
  {
    name: 'jobs',
    files: /^api\/jobs\.ts$/,
    may: [/^domain\//],
    packages: /^@temporalio\/(client|common)$/,
  },
  {
    name: 'http',
    files: /^api\/http\//,
    may: [/^domain\//, /^api\/core\//, /^api\/http\//],
    packages: NOT_TEMPORAL,
  },
  {
    name: 'dialect',
    files: /^api\/dialects\//,
    // Its own folder besides: see `allowed`.
    may: [/^domain\//, /^api\/core\//, /^api\/http\//],
    packages: new RegExp(`${PURE.source}|^express$`),
  },
  {
    name: 'metadata',
    files: /^api\/metadata\//,
    may: [/^domain\//, /^api\/core\//, /^api\/http\//, /^api\/metadata\//],
    packages: NOT_TEMPORAL,
  },
  // Documents that are generated as values: pure functions beside the texts.
  {
    name: 'templates',
    files: /^templates\//,
    may: [/^domain\//, /^templates\//],
    // What authors write is filled within a time.
    packages: new RegExp(`${PURE.source}|^node:vm$`),
  },
  { name: 'command line', files: /^cli\//, may: [ANY], packages: ANY },
];

/** Folders that hold the product's sources. */
const PRODUCT = ['domain', 'workflows', 'activities', 'store', 'api', 'templates', 'cli'];
/** Lines that a source file may have (STYLE.md, size budget). */
const CEILING = 300;

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

/** What a TypeScript text imports, re-exports or imports dynamically; paths as they are written. */
function importsOf(text: string): readonly Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statements = /\b(import|export)\s+(type\s+)?(?:[\w*\s{},$]+?\s+from\s+)?['"]([^'"]+)['"]/g;
  const dynamic = /\bimport\(\s*['"]([^'"]+)['"]\s*\)(\.\w+)?/g;
  return [
    ...[...code.matchAll(statements)].map((m) => ({ target: m[3] ?? '', typeOnly: m[2] !== undefined })),
    // `import('…').Name` is a type.
    ...[...code.matchAll(dynamic)].map((m) => ({
      target: m[1] ?? '',
      typeOnly: m[2] !== undefined && m[2] !== '.then',
    })),
  ];
}

const any = (patterns: readonly RegExp[], path: string): boolean => patterns.some((pattern) => pattern.test(path));

/** Whether the file may import this; null if it may, else the reason it may not. */
function forbidden(file: string, wanted: Import): string | null {
  const layer = LAYERS.find((one) => one.files.test(file));
  if (!layer) return `${file} belongs to no layer`;
  if (!wanted.target.startsWith('.')) {
    return layer.packages.test(wanted.target) ? null : `${layer.name} may not import ${wanted.target} (${file})`;
  }
  const path = join(dirname(file), wanted.target);
  if (!path.endsWith('.ts') && !path.endsWith('.json')) return `an import without its extension: ${path} (${file})`;
  if (any(layer.may, path) || (wanted.typeOnly && any(layer.types ?? [], path)) || ownDialect(file, path)) return null;
  return `${layer.name} may not import ${path} (${file})`;
}

/** A dialect may import itself, and knows no other. */
function ownDialect(file: string, path: string): boolean {
  const own = /^api\/dialects\/[^/]+\//.exec(file)?.[0];
  return own !== undefined && path.startsWith(own);
}

const root = join(import.meta.dirname, '..');
const sources = PRODUCT.flatMap((folder) => {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}).map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

it('saw the files of every layer', () => {
  for (const layer of LAYERS) {
    expect(
      sources.filter(({ file }) => LAYERS.find((one) => one.files.test(file)) === layer).length,
      layer.name,
    ).toBeGreaterThan(0);
  }
  expect(sources.length).toBeGreaterThan(60);
  expect(sources.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(sources.length);
});

it('lets each layer import only what ARCHITECTURE.md says', () => {
  const found = sources.flatMap(({ file, text }) => importsOf(text).map((wanted) => forbidden(file, wanted)));
  expect(found.filter((reason) => reason !== null)).toEqual([]);
});

it('keeps files under the ceiling', () => {
  const long = sources.filter(({ text }) => text.split('\n').length - 1 > CEILING);
  expect(long.map(({ file, text }) => `${relative(root, join(root, file))}: ${text.split('\n').length - 1}`)).toEqual(
    [],
  );
});

it.each([
  ['domain/vm.ts', "import { readFileSync } from 'node:fs';"],
  ['domain/vm.ts', "import { openStore } from '../store/open.ts';"],
  ['workflows/vm/create.ts', "import { hostActivities } from '../../activities/host.ts';"],
  ['workflows/vm/create.ts', "import { randomUUID } from 'node:crypto';"],
  ['workflows/vm/create.ts', "import { Worker } from '@temporalio/worker';"],
  ['activities/drivers/storage/local.ts', "import { heartbeat } from '@temporalio/activity';"],
  ['activities/drivers/storage/local.ts', "import { openStore } from '../../../store/open.ts';"],
  ['activities/host.ts', "import { coreServices } from '../api/core/core.ts';"],
  ['activities/host.ts', "import { Client } from '@temporalio/client';"],
  ['store/open.ts', "import { run } from '../activities/drivers/run.ts';"],
  ['api/core/vm.ts', "import { Client } from '@temporalio/client';"],
  ['api/core/vm.ts', "import { renderSeed } from '../../templates/cloud-init/seed.ts';"],
  ['templates/cloud-init/seed.ts', "import { openStore } from '../../store/open.ts';"],
  ['api/core/vm.ts', "import { run } from '../../activities/drivers/run.ts';"],
  ['api/core/account.ts', "import { ldap } from '../accounts/ldap.ts';"],
  ['api/core/account.ts', "import { Client } from 'ldapts';"],
  ['api/accounts/users.ts', "import { userService } from '../core/user.ts';"],
  ['api/accounts/ldap.ts', "import { run } from '../../activities/drivers/run.ts';"],
  ['api/dialects/pvc/vm.ts', "import { openStore } from '../../../store/open.ts';"],
  ['api/dialects/pvc/vm.ts', "import { pool } from '../vmpooler/vm.ts';"],
  ['api/dialects/pvc/vm.ts', "export { pool } from '../vmpooler/vm.ts';"],
  ['api/dialects/pvc/vm.ts', "const { pool } = await import('../vmpooler/vm.ts');"],
  ['api/http/route.ts', "import { pvc } from '../dialects/pvc/index.ts';"],
  ['api/metadata/metadata.ts', "import { openStore } from '../../store/open.ts';"],
  ['api/http/route.ts', "import { route } from './other';"],
  ['plugins/x.ts', "import { a } from '../domain/vm.ts';"],
])('bites: %s: %s', (file, text) => {
  expect(importsOf(text).map((wanted) => forbidden(file, wanted))).toEqual([expect.any(String)]);
});

it.each([
  ['workflows/vm/create.ts', "import type { HostActivities } from '../../activities/host.ts';"],
  ['api/dialects/pvc/vm.ts', "import { vmWords } from './words.ts';"],
  ['api/dialects/pvc/vm.ts', "import { route } from '../../http/route.ts';"],
  ['domain/plan.ts', "readonly source: import('./volume.ts').DiskSource"],
])('permits: %s: %s', (file, text) => {
  expect(importsOf(text).map((wanted) => forbidden(file, wanted))).toEqual([null]);
});
