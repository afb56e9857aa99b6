import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.ts';

/** One bundle in chunks: everything is in it but ripgrep's binary, and each command, tool and provider loads when it is used. */
export default defineConfig({
  ...base,
  entry: ['src/main.ts'],
  platform: 'node',
  dts: false,
  sourcemap: false,
  minifySyntax: true,
  minifyWhitespace: true,
  noExternal: [/.*/],
  external: ['@vscode/ripgrep'],
  esbuildOptions(options) {
    // From the sources: a package's dist is one file, and a file is never split between chunks.
    options.conditions = ['@reprise/source'];
    options.legalComments = 'none';
  },
});
