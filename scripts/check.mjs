/**
 * `pnpm check`: the whole gate. Every check runs, also after one has failed; the last line is `N passed, N failed`.
 * Arguments name the checks to run by the beginning of their names (`node scripts/check.mjs lint types`).
 */
import { constants } from 'node:os';
import { join } from 'node:path';
import { changesets } from './checks/changesets.mjs';
import { untouched } from './checks/checkout.mjs';
import { examples, readmeCommands } from './checks/commands.mjs';
import { attw, createPacker, packs, publint, runsProgram, runsReadme } from './checks/packages.mjs';
import { vitest } from './checks/tests.mjs';
import { isCached } from './checks/turbo.mjs';
import { publicPackages } from './lib/packages.mjs';
import { createReport } from './lib/report.mjs';
import { endAll, pool, run } from './lib/run.mjs';
import { build, root, toolEnv, withPnpm } from './lib/setup.mjs';

const env = await withPnpm(toolEnv());
const wanted = process.argv.slice(2);
const isWanted = ({ name }) => wanted.length === 0 || wanted.some((start) => name.startsWith(start));
const report = createReport((text) => process.stdout.write(text));
const packer = createPacker(root, env);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    endAll();
    packer.remove();
    process.exit(128 + constants.signals[signal]);
  });
}

/** A check that is one program: good when its exit code is 0. */
const program = (name, command, ...args) => ({
  name,
  run: async () => judge(await run(command, args, { cwd: root, env })),
});
const judge = ({ code, output }) => (code === 0 ? { status: 'passed' } : { status: 'failed', detail: output });
const built = { name: 'build', run: async () => judge(await build(env)) };
/** Behind a good build, tests that start the command line program start the one that users get: it also takes a quarter of the time. */
const tests = (passed) => {
  const program = passed ? { REPRISE_PROGRAM: join(root, 'apps/cli/bin/reprise.mjs') } : {};
  return vitest({ root, env: { ...env, ...program }, project: '!scripts' });
};
const published = publicPackages(root);
/** What can be imported; the others are programs, and their READMEs show commands. */
const libraries = published.filter(({ manifest }) => manifest.exports?.['.'] !== undefined);
const programs = published.filter((one) => !libraries.includes(one));

/** Phases run one after the other; within one, as many checks at once as `width` says. Tests that watch the clock run alone. */
const phases = [
  { width: 1, checks: [built] },
  {
    width: 2,
    checks: [
      program('lint', 'eslint', '.', '--max-warnings=0'),
      program('types', 'turbo', 'run', 'typecheck', '--continue', '--output-logs=errors-only'),
      program('format', 'prettier', '--check', '--log-level=warn', '.'),
      program('dead code', 'knip', '--no-progress', '--no-config-hints'),
      { name: 'changesets', run: async () => changesets(root) },
      { name: 'build is cached', run: () => isCached(root, env) },
      { name: 'pack', run: () => packs(packer) },
    ],
  },
  { width: 1, checks: [{ name: 'tests', run: () => tests(passed.has(built.name)) }] },
  {
    width: 2,
    checks: [
      { name: 'workspace tests', run: () => vitest({ root, env, project: 'scripts' }) },
      ...published.map(({ name }) => ({ name: `publint ${name}`, run: () => publint(packer, name, env) })),
      ...published.map(({ name }) => ({ name: `attw ${name}`, run: () => attw(packer, name, env) })),
      ...libraries.map(({ name, folder }) => ({
        name: `alone ${name}`,
        run: () => runsReadme({ root, env, packer, readme: `${folder}/README.md`, names: [name] }),
      })),
      ...programs.map(({ name }) => ({ name: `alone ${name}`, run: () => runsProgram({ root, env, packer, name }) })),
      { name: 'alone README.md', run: () => runsReadme({ root, env, packer, readme: 'README.md' }) },
      ...examples(root, env),
      program('benches run', 'node', 'scripts/bench.mjs', '--short', 'engine.bench', 'cli.bench'),
    ],
  },
  { width: 1, checks: [{ name: 'README commands', run: () => readmeCommands(root, env) }, untouched(root)] },
];

for (const start of wanted.filter(
  (one) => !phases.some(({ checks }) => checks.some(({ name }) => name.startsWith(one))),
)) {
  report.add(start, { status: 'failed', detail: 'No check has a name that begins so.' }, 0);
}
const passed = new Set();
try {
  for (const { width, checks } of phases) {
    await pool(checks.filter(isWanted), width, async (check) => {
      const started = Date.now();
      const outcome = await check.run().catch((error) => ({ status: 'failed', detail: String(error?.stack ?? error) }));
      if (outcome.status === 'passed') passed.add(check.name);
      report.add(check.name, outcome, Date.now() - started);
    });
  }
} finally {
  packer.remove();
}
process.exitCode = report.finish();
