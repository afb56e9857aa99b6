import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../lib/run.mjs';

/**
 * Runs vitest on the projects that the filter names and counts what it reports.
 *
 * @param {{ root: string, env: NodeJS.ProcessEnv, project: string }} options `project` as vitest's own option: a name, or `!name`.
 * @returns {Promise<import('../lib/report.mjs').Outcome>}
 */
export async function vitest({ root, env, project }) {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-vitest-'));
  const file = join(folder, 'report.json');
  try {
    const args = ['run', `--project=${project}`, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const { code, output } = await run('vitest', args, { cwd: root, env, seconds: 1800 });
    if (!existsSync(file)) return { status: 'failed', detail: output };
    return count(JSON.parse(readFileSync(file, 'utf8')), code, output, root);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Turns vitest's JSON report into an outcome.
 *
 * @param {any} report
 * @param {number} code vitest's exit code
 * @param {string} output what vitest printed
 * @param {string} root taken off the names of files
 * @returns {import('../lib/report.mjs').Outcome}
 */
export function count(report, code, output, root = '') {
  const tests = report.testResults.flatMap((file) =>
    file.assertionResults.map((test) => ({ ...test, file: file.name.replace(`${root}/`, '') })),
  );
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
  // A file that could not be loaded holds no tests, and must not pass for one without failures.
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = tests.length - passed - skipped.length + broken.length;
  const good = code === 0 && failed === 0 && passed > 0;
  return {
    status: good ? 'passed' : 'failed',
    note: `${passed} passed, ${failed} failed${skipped.length ? `, ${skipped.length} skipped` : ''}`,
    passed,
    failed,
    skipped: skipped.map(({ file, fullName }) => `${file}: ${fullName}`),
    ...(good ? {} : { detail: output }),
  };
}
