import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Many tests wait for servers; on a small machine another file uses that time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{lib,bundle,installer,platform}/**/src/**/*.test.ts', 'airgap-tests/src/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'scenarios',
          include: ['airgap-tests/scenarios/**/*.scenario.ts'],
          globalSetup: ['airgap-tests/scenarios/build-bundle.ts'],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          // Much of a scenario is waiting for a cluster. More than two at once would wait for each other.
          maxWorkers: 2,
          sequence: { shuffle: false },
        },
      },
    ],
  },
});
