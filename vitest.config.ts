import { defineConfig } from 'vitest/config';

/** What looks at the run as a whole, and so runs when everything else is done. */
const AFTER = 'test/after/**/*.test.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    globalSetup: 'test/capture-setup.ts',
    // Group 0 is none of ours: vitest moves it behind all others on a machine that has one worker.
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'fuzz/**/*.test.ts'],
          exclude: [AFTER],
          sequence: { groupOrder: 1 },
        },
      },
      { extends: true, test: { name: 'after', include: [AFTER], sequence: { groupOrder: 2 } } },
    ],
  },
});
