import { defineConfig } from 'vitest/config';

/** Tests of the workspace itself. They start programs, so they get more time. */
export default defineConfig({
  test: { name: 'scripts', include: ['test/**/*.test.mjs'], testTimeout: 120_000 },
});
