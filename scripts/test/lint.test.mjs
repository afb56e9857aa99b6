import { globSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';
import { workspacePackages } from '../lib/packages.mjs';
import { root } from '../lib/setup.mjs';

// Where CI is set, typescript-eslint reads each file from the disk once and not the text that it is given here.
process.env.TSESTREE_SINGLE_RUN = 'false';
const eslint = new ESLint({ cwd: root });

/** Lints a text as if it stood in that file (which must exist: the rules know types) and gives the rules that it breaks. */
async function broken(file, text) {
  const [result] = await eslint.lintText(text, { filePath: join(root, file) });
  const fatal = result.messages.find((message) => message.fatal);
  expect(fatal?.message).toBeUndefined();
  return result.messages.filter(({ severity }) => severity === 2).map(({ ruleId }) => ruleId);
}

const core = 'packages/core/src/errors.ts';
const layering = ['no-restricted-imports'];

describe('layers', () => {
  test.each([
    ['core imports a package', core, "import '@reprise/tools';"],
    ['core imports a Node built-in', core, "import 'node:fs';"],
    ['core imports a Node built-in by its old name', core, "import 'fs';"],
    ['a package imports its neighbour', 'packages/prompts/src/default.ts', "import '@reprise/tools';"],
    ['a package imports a part of its neighbour', 'packages/prompts/src/default.ts', "import '@reprise/tools/policy';"],
    [
      'a package imports its neighbour by path',
      'packages/prompts/src/default.ts',
      "import '../../packages/tools/src/index.ts';",
    ],
    ['a package imports an app', 'packages/prompts/src/default.ts', "import 'reprise';"],
    ['a package re-exports its neighbour', 'packages/prompts/src/default.ts', "export { a } from '@reprise/tools';"],
    ['an app imports an app', 'apps/server/src/start.ts', "import '@reprise/server';"],
    ['an app imports the CLI', 'apps/server/src/start.ts', "import 'reprise';"],
  ])('%s: refused', async (_, file, text) => {
    expect(await broken(file, `${text}\n`)).toEqual(layering);
  });

  test.each([
    ['a package imports core', 'packages/prompts/src/default.ts', "import '@reprise/core';\nimport 'node:fs';"],
    ['session imports tools', 'packages/session/src/index.ts', "import '@reprise/tools';"],
    ['core’s kit imports node:assert', 'packages/core/src/testing/index.ts', "import 'node:assert';"],
  ])('%s: allowed', async (_, file, text) => {
    expect(await broken(file, `${text}\n`)).toEqual([]);
  });
});

test('every package and app has its layer', async () => {
  const folders = workspacePackages(root)
    .map(({ folder }) => folder)
    .filter((folder) => !folder.startsWith('examples/'));
  for (const folder of folders) {
    const [file] = globSync(`${folder}/src/**/!(*.test|*.bench).ts`, { cwd: root }).sort();
    expect(await broken(file, "import 'reprise';\n"), `${folder} is missing in eslint.config.mjs`).toEqual(layering);
  }
});

describe('size', () => {
  test('400 lines are allowed, 401 are not', async () => {
    expect(await broken(core, 'export {};\n' + '// x\n'.repeat(399))).toEqual([]);
    expect(await broken(core, 'export {};\n' + '// x\n'.repeat(400))).toEqual(['max-lines']);
  });

  test('12 imports are allowed, 13 are not, and type imports count', async () => {
    const imports = (count) =>
      Array.from({ length: count }, (_, at) => `import type { T${at} as _${at} } from './m${at}.ts';\n`).join('');
    expect(await broken(core, imports(12))).toEqual([]);
    expect(await broken(core, imports(13))).toEqual(['import-x/max-dependencies']);
  });
});

test('`export *` and a promise that nobody waits for are refused', async () => {
  expect(await broken(core, "export * from './contracts/tool.ts';\n")).toEqual(['no-restricted-syntax']);
  expect(await broken(core, 'Promise.reject(new Error());\n')).toEqual(['@typescript-eslint/no-floating-promises']);
});
