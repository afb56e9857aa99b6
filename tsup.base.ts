import type { Options } from 'tsup';

/** What every package's build shares; a package names only its entries. */
export const base: Options = {
  format: ['esm'],
  target: 'node24',
  platform: 'neutral',
  dts: true,
  clean: true,
  splitting: true,
  treeshake: true,
  sourcemap: true,
};
