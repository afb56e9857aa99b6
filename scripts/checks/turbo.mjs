import { run } from '../lib/run.mjs';

/**
 * What turbo would do for `turbo run build`, without doing it: by task id its hash and whether its result is cached.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Map<string, { hash: string, cached: boolean }>>}
 */
export async function plannedBuild(root, env) {
  const { code, stdout, output } = await run('turbo', ['run', 'build', '--dry=json'], { cwd: root, env, seconds: 60 });
  if (code !== 0) throw new Error(output);
  // A package without a build is listed too; there is nothing to cache.
  const tasks = JSON.parse(stdout).tasks.filter(({ command }) => command !== '<NONEXISTENT>');
  return new Map(tasks.map(({ taskId, hash, cache }) => [taskId, { hash, cached: cache.status === 'HIT' }]));
}

/** After a build, a second one must have nothing to do. */
export async function isCached(root, env) {
  const tasks = await plannedBuild(root, env);
  const missed = [...tasks].filter(([, { cached }]) => !cached).map(([id]) => id);
  if (missed.length === 0) return { status: 'passed', note: `${tasks.size} tasks` };
  return { status: 'failed', detail: `A second build would build again: ${missed.join(', ')}` };
}
