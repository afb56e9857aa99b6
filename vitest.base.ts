import { defineConfig } from 'vitest/config';

const conditions = ['@reprise/source'];

/** Tests run on the sources of every workspace package, without a build. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 15_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
