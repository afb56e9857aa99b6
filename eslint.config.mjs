import { builtinModules } from 'node:module';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Which workspace packages each place may import; docs/architecture.md says why. */
const layers = {
  'packages/core': [],
  'packages/fake-provider': [],
  'packages/providers': ['core'],
  'packages/tools': ['core'],
  'packages/prompts': ['core'],
  'packages/storage-fs': ['core'],
  'packages/tui': ['core'],
  'packages/client': ['core'],
  'packages/http': ['core'],
  'packages/session': ['core', 'providers', 'tools', 'prompts', 'storage-fs'],
  'apps/cli': ['core', 'providers', 'tools', 'prompts', 'storage-fs', 'session', 'tui', 'http', 'client'],
  'apps/server': ['core', 'providers', 'tools', 'prompts', 'storage-fs', 'session', 'tui', 'http'],
};
const builtins = [...builtinModules, 'node:*'];

/** Files that are read by people as code: not tests, benchmarks or data. */
const notSource = ['**/*.test.ts', '**/*.bench.ts', '**/test/**', '**/*.data.ts', '**/__fixtures__/**'];

const layerRules = Object.entries(layers).map(([place, allowed]) => ({
  files: [`${place}/src/**/*.ts`],
  ignores: ['**/*.test.ts', '**/*.bench.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        paths: place === 'packages/core' ? builtins.filter((name) => !name.includes('*')) : [],
        patterns: [
          {
            regex: `^@reprise/(?!(${allowed.join('|') || '-'})(/|$))`,
            message: `${place} may import only: ${allowed.map((name) => `@reprise/${name}`).join(', ') || 'no workspace package'}.`,
          },
          { regex: '^reprise(/|$)', message: 'Nobody imports an app.' },
          { regex: '^(\\.\\./)+(packages|apps)/', message: 'Import packages by name.' },
          ...(place === 'packages/core' ? [{ regex: '^node:', message: 'core uses no Node built-in.' }] : []),
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.turbo/**', '**/__fixtures__/**', 'coverage/**'] },
  {
    files: ['{packages,apps}/*/{src,test}/**/*.ts', 'examples/*/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: {
      parserOptions: {
        project: ['{packages,apps,examples}/*/tsconfig*.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-syntax': ['error', { selector: 'ExportAllDeclaration', message: 'Name what is exported.' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
    ignores: notSource,
    rules: {
      'max-lines': ['error', { max: 400 }],
      'import-x/max-dependencies': ['error', { max: 12, ignoreTypeImports: false }],
    },
  },
  // A kit names every rule it checks, and an index only names what it exports.
  { files: ['packages/core/src/testing/**/*.ts', '**/src/index.ts'], rules: { 'import-x/max-dependencies': 'off' } },
  ...layerRules,
  { files: ['packages/core/src/testing/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['scripts/**/*.mjs', 'apps/*/bin/*.mjs', '{packages,apps}/*/{bench,campaigns}/**/*.mjs', '*.mjs'],
    extends: [tseslint.configs.recommended],
    rules: { 'max-lines': ['error', { max: 300 }] },
  },
);
