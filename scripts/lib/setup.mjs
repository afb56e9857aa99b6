/**
 * What `npm start` and `npm test` need before they can do anything. Runs under Node 20 with nothing installed, so it
 * uses Node's own modules only.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

/** The repository's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const modules = join(root, 'node_modules');

/** The environment of every child: Node 24 and the tools of node_modules first on the path, nothing phoned home. */
export function toolEnv(env = process.env) {
  return {
    ...env,
    PATH: [join(modules, '.bin'), env.PATH ?? ''].join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  };
}

/** True when node_modules is what pnpm-lock.yaml asks for; pnpm keeps a copy of the lockfile that it installed from. */
function isInstalled() {
  if (!['.modules.yaml', '.bin/node', '.bin/reprise', '.bin/turbo'].every((name) => existsSync(join(modules, name)))) {
    return false;
  }
  try {
    return readFileSync(join(root, 'pnpm-lock.yaml')).equals(readFileSync(join(modules, '.pnpm', 'lock.yaml')));
  } catch {
    return false;
  }
}

/**
 * Puts a pnpm of the right major on the path (turbo calls pnpm too): the one that is there, else the one that npx
 * fetches and keeps in npm's cache.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export async function withPnpm(env) {
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
  const major = wanted.slice('pnpm@'.length).split('.')[0];
  // Outside the repository, where pnpm does not turn itself into the version that package.json names.
  const own = spawnSync('pnpm', ['--version'], { cwd: tmpdir(), env, encoding: 'utf8', timeout: 20_000 });
  if (own.status === 0 && own.stdout.trim().split('.')[0] === major) return env;
  const npx = await run('npx', ['--yes', `--package=${wanted}`, '-c', 'command -v pnpm'], { cwd: root, env });
  const found = npx.stdout.trim();
  if (npx.code !== 0 || !found.startsWith('/')) throw new SetupError(`npx could not fetch ${wanted}.`, npx.output);
  return { ...env, PATH: [dirname(found), env.PATH].join(delimiter) };
}

/** A set-up step failed; `output` is what the program said. */
export class SetupError extends Error {
  constructor(message, output) {
    super(message);
    this.output = output;
  }
}

/**
 * Installs what the lockfile names, unless it is installed. Answers with the environment for everything that follows.
 *
 * @param {(line: string) => void} say
 */
export async function install(say) {
  const env = await withPnpm(toolEnv());
  if (isInstalled()) return env;
  say('installing dependencies (once)');
  const args = ['install', '--frozen-lockfile', '--config.confirmModulesPurge=false', '--reporter=append-only'];
  const { code, output } = await run('pnpm', args, { cwd: root, env, seconds: 1200 });
  if (code !== 0) throw new SetupError('`pnpm install --frozen-lockfile` failed.', output);
  return env;
}

/**
 * Builds what `filter` names (all, if absent); what is built already comes from turbo's cache.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [filter]
 */
export function build(env, filter) {
  const args = ['run', 'build', '--output-logs=errors-only', ...(filter ? [`--filter=${filter}`] : [])];
  return run('turbo', args, { cwd: root, env });
}

/** Says why set-up failed, with the end of what the program wrote, and answers with the exit code. */
export function explain(error) {
  const output = error instanceof SetupError ? error.output : error.stack;
  process.stderr.write(`${output.trimEnd().split('\n').slice(-40).join('\n')}\nreprise: ${error.message}\n`);
  return 1;
}
