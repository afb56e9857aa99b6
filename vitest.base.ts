import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const conditions = ['@reprise/source'];

/** Tests run on the sources of every workspace package, without a build. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // What hangs is told late rather than what is slow, on a machine that does other things too, taken for hanging.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000 } },
  },
});

/** For tests that start programs from the sources: they start in half the time where Node keeps what it made of them. Not where system calls are counted. */
export const keepsCompiled = { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled') };
