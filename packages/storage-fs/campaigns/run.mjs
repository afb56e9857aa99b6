/**
 * `node campaigns/run.mjs [--short] [--mutants] [part of a name]…`: plays the fault campaigns on this package's sources and prints what was
 * counted. With `--mutants` each campaign is played on copies of the sources with a protection taken out, and must find it.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CAMPAIGNS } from './index.mjs';
import { mutated, SOURCES, withFolder } from './lib/machine.mjs';

const load = (sources) => import(pathToFileURL(join(sources, 'index.ts')).href);
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const wanted = CAMPAIGNS.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
const count = { passed: 0, failed: 0, skipped: 0 };
const show = (outcome, name, note, problems = []) => {
  count[outcome] += 1;
  console.log(`${outcome}  ${name}  ${note}`);
  for (const problem of problems.slice(0, 5)) console.log(`        ${problem}`);
};
const listed = (counts) =>
  Object.entries(counts)
    .map(([name, number]) => `${number} ${name}`)
    .join(', ');
const since = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;

for (const { name, amounts, missing, run, mutants } of wanted) {
  const reason = missing();
  if (reason !== undefined) {
    show('skipped', name, reason);
    continue;
  }
  if (!flags.includes('--mutants')) {
    const start = performance.now();
    const amount = flags.includes('--short') ? amounts.short : amounts.long;
    const { counts, problems } = await run({ sources: SOURCES, store: await load(SOURCES), amount });
    show(problems.length === 0 ? 'passed' : 'failed', name, `${listed(counts)}, ${since(start)}`, problems);
    continue;
  }
  for (const mutant of mutants) {
    await withFolder(async (folder) => {
      const start = performance.now();
      const sources = mutated(folder, mutant.patches);
      const { counts, problems } = await run({
        sources,
        store: await load(sources),
        amount: amounts.mutant,
        focus: mutant.focus,
      });
      const note = `without protection (${mutant.name}): ${problems.length} problems in ${listed(counts)}, ${since(start)}`;
      show(problems.length > 0 ? 'passed' : 'failed', name, note, problems.slice(0, 1));
    });
  }
}
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed > 0 ? 1 : 0;
