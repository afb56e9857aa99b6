import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeBlocks } from '../lib/markdown.mjs';
import { workspacePackages } from '../lib/packages.mjs';
import { run } from '../lib/run.mjs';
import { strangersEnv } from './packages.mjs';

/** Commands that a README shows and this check cannot run: they install, clone, publish, or are the check itself. */
const NOT_RUN = /^(git clone|cd |npm (test|install)|pnpm|export |npx )/;

/**
 * The commands of a README's `sh` blocks, a line each (a `\` at the end joins lines). A comment is what
 * follows `#` at a line's beginning or after two spaces, so that one in a quoted prompt stays.
 *
 * @param {string} text
 */
export function commandsOf(text) {
  return codeBlocks(text)
    .filter(({ language }) => language === 'sh' || language === 'bash')
    .flatMap(({ code }) => code.replace(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/(^|\s\s)#\s.*$/, '').trim())
    .filter((line) => line !== '' && !NOT_RUN.test(line));
}

/**
 * Runs the README's commands in order, in the repository, with one empty home for all of them: what one leaves behind
 * the next may use, as for a reader who tries them in turn.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<import('../lib/report.mjs').Outcome>}
 */
export async function readmeCommands(root, env) {
  const commands = commandsOf(readFileSync(join(root, 'README.md'), 'utf8'));
  if (commands.length === 0) return { status: 'failed', detail: 'README.md has no command to run.' };
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-readme-')));
  const failed = [];
  try {
    for (const command of commands) {
      // `npm` must find the user's configuration and cache although HOME is empty: the registry, and a pnpm fetched before.
      const own = {
        ...strangersEnv(env, home),
        npm_config_userconfig: env.npm_config_userconfig ?? join(env.HOME ?? '', '.npmrc'),
        npm_config_cache: env.npm_config_cache ?? join(env.HOME ?? '', '.npm'),
      };
      const { code, output } = await run(command, [], { cwd: root, env: own, shell: true, seconds: 120 });
      if (code !== 0) failed.push(`$ ${command}\nexit code ${code}\n${output}`);
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  const note = `${commands.length} commands`;
  return failed.length ? { status: 'failed', note, detail: failed.join('\n') } : { status: 'passed', note };
}

/**
 * The examples' checks: each is a workspace package whose `test` script asserts and fails when the example breaks.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {import('../lib/report.mjs').Check[]}
 */
export function examples(root, env) {
  return workspacePackages(root)
    .filter(({ folder }) => folder.startsWith('examples/'))
    .map(({ folder, manifest }) => ({
      name: `example ${folder.slice('examples/'.length)}`,
      run: async () => {
        if (!manifest.scripts?.test) return { status: 'failed', detail: `${folder}/package.json has no test script.` };
        const home = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-example-')));
        try {
          const cwd = join(root, folder);
          const own = strangersEnv(env, home);
          const { code, output } = await run(manifest.scripts.test, [], { cwd, env: own, shell: true, seconds: 120 });
          return code === 0 ? { status: 'passed' } : { status: 'failed', detail: output };
        } finally {
          rmSync(home, { recursive: true, force: true });
        }
      },
    }));
}
