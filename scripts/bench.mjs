/**
 * `pnpm bench [--short] [part of a path]…`: builds, runs every `bench/*.bench.mjs` of the packages and apps one after
 * the other, each in its own process with an empty home, and prints one table. Writes nothing into the checkout.
 *
 * A bench file's default export is `async () => Row[]`; `Row` is in lib/bench-table.mjs. It imports the built packages
 * by name, makes what it needs in the folder that `os.tmpdir()` gives, and compares within one run: a baseline is a row.
 * `--short` sets BENCH_SHORT: one round without a warm-up shows that a bench runs, and says nothing about times.
 */
import { fork } from 'node:child_process';
import { globSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { strangersEnv } from './checks/packages.mjs';
import { problemWith, table } from './lib/bench-table.mjs';
import { build, root, toolEnv, withPnpm } from './lib/setup.mjs';

const say = (line) => process.stderr.write(`${line}\n`);
const short = process.argv.includes('--short');
const wanted = process.argv.slice(2).filter((word) => word !== '--short');
const files = globSync(['packages/*/bench/*.bench.mjs', 'apps/*/bench/*.bench.mjs'], { cwd: root })
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  say('There is no bench file with such a path.');
  process.exit(2);
}

const env = await withPnpm(toolEnv());
const built = await build(env);
if (built.code !== 0) {
  say(built.output);
  process.exit(1);
}

const rows = [];
for (const file of files) {
  say(`bench: ${file}`);
  const answer = await measure(file);
  const problem = problemWith(answer);
  if (problem) {
    say(`bench: ${file} ${problem}`);
    process.exitCode = 1;
  } else rows.push(...answer);
}
console.log(
  `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`,
);
console.log(table(rows));

/** The rows that the file gives; `undefined` where it fails (its own words are on stderr). */
function measure(file) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-bench-')));
  return new Promise((resolve) => {
    let answer;
    const child = fork(join(root, 'scripts/lib/bench-child.mjs'), [join(root, file)], {
      cwd: folder,
      env: { ...strangersEnv(env, folder), TMPDIR: folder, ...(short && { BENCH_SHORT: '1' }) },
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    child.once('message', (message) => (answer = message));
    child.once('exit', (code) => {
      rmSync(folder, { recursive: true, force: true });
      resolve(code === 0 ? answer : undefined);
    });
  });
}
