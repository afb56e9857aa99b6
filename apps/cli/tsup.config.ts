import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.ts';

const NAMED_IMPORT = /^import \{([^}]*)\} from '(@reprise\/[^']+)';/gm;

/** The file that makes what the index `from` (`@reprise/core`, `@reprise/providers/live`) exports as `name`. */
function maker(name: string, from: string): string {
  const [, folder = '', ...entry] = from.split('/');
  const root = join(import.meta.dirname, '../../packages', folder);
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const index = join(root, exports[['.', ...entry].join('/')]['@reprise/source']);
  for (const [, names = '', file = ''] of readFileSync(index, 'utf8').matchAll(
    /^export \{([^}]*)\} from '(\..*)';/gm,
  )) {
    if (names.split(',').some((one) => one.trim() === name)) return join(dirname(index), file);
  }
  return from;
}

/** `code` with a reader for each failing `import()` of a part of the program. */
function guarded(code: string): string {
  const calls = code.replaceAll(/(?<!typeof )\bimport\('[^']+'\)/g, '$&.catch(partGone)');
  if (calls === code) return code;
  return `${calls}import { partGone } from ${JSON.stringify(join(import.meta.dirname, 'src/part-gone.ts'))};\n`;
}

/** One bundle in chunks: everything is in it but ripgrep's binary, and each command, tool and provider loads when it is used. */
export default defineConfig({
  ...base,
  entry: ['src/main.ts'],
  platform: 'node',
  dts: false,
  sourcemap: false,
  minifySyntax: true,
  minifyWhitespace: true,
  // It would call them external before a plugin here is asked.
  removeNodeProtocol: false,
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
      // Whatever imports an index gets all that it names into its chunk, so names are imported from where they are made.
      // Parts load when they are used, and until then a rebuild or an update can take them away: that has an error of its own.
      name: 'past-the-index',
      setup(build) {
        build.onLoad({ filter: /[\\/](packages|apps)[\\/][^\\/]+[\\/]src[\\/].*\.ts$/ }, ({ path }) => ({
          contents: guarded(readFileSync(path, 'utf8')).replaceAll(NAMED_IMPORT, (_, names: string, from: string) =>
            names
              .split(',')
              .map((name) => name.trim())
              .filter((name) => name !== '' && !name.startsWith('type '))
              .map((name) => `import { ${name} } from ${JSON.stringify(maker(name.split(' as ')[0] ?? '', from))};`)
              .join(' '),
          ),
          loader: 'ts',
        }));
      },
    },
    {
      // A module of ES has no `require`, so what the CommonJS packages in the bundle (pino's) require of Node is asked of the process.
      name: 'built-ins-for-commonjs',
      setup(build) {
        build.onResolve({ filter: /.*/ }, ({ path, kind }) =>
          kind === 'require-call' && isBuiltin(path) ? { path, namespace: 'built-in' } : undefined,
        );
        build.onLoad({ filter: /.*/, namespace: 'built-in' }, ({ path }) => ({
          contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
        }));
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
