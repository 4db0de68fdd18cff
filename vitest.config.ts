import { defineConfig } from 'vitest/config';
import { UNIT_TMPDIR } from './test/leftovers.ts';

/** Folders of test/ that are not unit tests; each is a project of its name. */
const APART = ['contracts', 'journeys', 'real'] as const;

/** Unit tests that put another engine below the workflows: other files must not get what they have loaded. */
const MOCKING = 'workflows';

/** Contract tests with namespaces, a libvirtd or servers of their own, that wait more than they work: two at a time. */
const SEPARATE = ['network-*', 'private-libvirt', 'dashboard', 'ldap*', 'floaty'].map(
  (name) => `test/contracts/${name}.test.ts`,
);

/** Milliseconds a test may take, by what it does: boots guests, kills processes, drives real programs. */
const TIMEOUT = { contracts: 60_000, journeys: 120_000, real: 600_000 } as const;

/** Files at a time: most share the host's bridges and libvirt; journeys are over simulated nodes, and wait more than they work. */
const AT_ONCE = { contracts: 1, journeys: 2, real: 1 } as const;

/** What is waited for may take its time on a busy machine; a second, vitest's own, is too short to start a program in. */
const EVERYWHERE = { pool: 'forks', expect: { poll: { timeout: 10_000 } } } as const;

export default defineConfig({
  test: {
    ...EVERYWHERE,
    // Ended in the opposite order: the installation is gone when it is looked what is left.
    globalSetup: ['test/leftovers.ts', 'test/real/installation.ts'],
    projects: [
      {
        test: {
          ...EVERYWHERE,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...APART, MOCKING].map((folder) => `test/${folder}/**`),
          testTimeout: 15_000,
          // All cores: vitest would leave one to its own process, which has little to do.
          maxWorkers: '100%',
          // A third of the time went into importing the same modules for each file.
          isolate: false,
          env: { TMPDIR: UNIT_TMPDIR },
        },
      },
      {
        test: {
          ...EVERYWHERE,
          name: 'unit:workflows',
          include: [`test/${MOCKING}/**/*.test.ts`],
        },
      },
      ...APART.map((name) => ({
        test: {
          ...EVERYWHERE,
          name,
          include: [`test/${name}/**/*.test.ts`],
          testTimeout: TIMEOUT[name],
          hookTimeout: TIMEOUT[name],
          exclude: SEPARATE,
          maxWorkers: AT_ONCE[name],
        },
      })),
      {
        test: {
          ...EVERYWHERE,
          name: 'contracts:separate',
          include: SEPARATE,
          testTimeout: TIMEOUT.contracts,
          hookTimeout: TIMEOUT.contracts,
          maxWorkers: 2,
        },
      },
    ],
  },
});
