import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
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
          fileParallelism: false,
          sequence: { shuffle: false },
        },
      },
    ],
  },
});
