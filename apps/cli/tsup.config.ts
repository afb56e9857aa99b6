import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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
  // `external` alone would lose against `noExternal`.
  noExternal: [/^(?!@vscode\/ripgrep)/],
  external: ['@vscode/ripgrep'],
  esbuildOptions(options) {
    // From the sources: a package's dist is one file, and a file is never split between chunks.
    options.conditions = ['@reprise/source'];
    options.legalComments = 'none';
  },
  esbuildPlugins: [
    {
      // The SDKs make a `Headers` before each request, and the global one loads all of undici: 15 ms of a turn's 120.
      name: 'headers-without-undici',
      setup(build) {
        const own = JSON.stringify(join(import.meta.dirname, '../../packages/providers/src/node-headers.ts'));
        build.onLoad({ filter: /[\\/]@ai-sdk[\\/].*\.m?js$/ }, ({ path }) => ({
          contents: `import { NodeHeaders as Headers } from ${own};\n${readFileSync(path, 'utf8')}`,
        }));
      },
    },
    {
      // Whatever imports an index gets all it names into its chunk. Errors are needed from the first line on, the engine is not.
      name: 'errors-alone',
      setup(build) {
        build.onResolve({ filter: /^@reprise\/core$/ }, ({ importer }) =>
          dirname(importer).startsWith(join(import.meta.dirname, 'src')) && basename(importer) !== 'compose.ts'
            ? { path: join(import.meta.dirname, '../../packages/core/src/errors.ts'), sideEffects: false }
            : undefined,
        );
      },
    },
    {
      // The namespace `z` holds zod's messages in fifty languages, 300 kB that every turn would load. English stays.
      name: 'zod-in-english',
      setup(build) {
        build.onResolve({ filter: /locales\/index\.js$/ }, ({ importer }) =>
          importer.includes('/zod/') ? { path: 'locales', namespace: 'zod-in-english' } : undefined,
        );
        build.onLoad({ filter: /.*/, namespace: 'zod-in-english' }, () => ({ contents: 'export {}' }));
      },
    },
  ],
});
