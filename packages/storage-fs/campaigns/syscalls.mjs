import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAfterCrash } from './lib/check.mjs';
import { MAKING, noStrace, pointsIn, some, start, strace, twoAtOnce, withStore } from './lib/machine.mjs';
import { Model } from './lib/workload.mjs';

const CALLS = ['pwrite64', 'fsync', 'fdatasync', 'rename', 'link', 'unlink', 'rmdir', 'mkdir', 'ftruncate'];
const ROUNDS = 7;

/** Ends the writer right before its n-th storage call, for every n over creation, appends, forks, deletions and rewrites. */
export default {
  name: 'crash at each storage call',
  amounts: { short: 10, long: Infinity, mutant: 150 },
  missing: noStrace,
  async run({ sources, store, amount, focus = CALLS }) {
    const problems = [];
    const points = await withStore(async (folder) => {
      const trace = join(folder, 'trace');
      const under = strace('-o', trace, '-e', `trace=${CALLS}`);
      const writer = start(sources, join(folder, 'sessions'), ['script', ROUNDS], under);
      await writer.line('released');
      await writer.ended;
      return pointsIn(readFileSync(trace, 'utf8'), CALLS);
    });
    const counts = { calls: points.length, points: 0, reached: 0 };
    const wanted = [...MAKING, ...points].filter(({ call }) => focus.includes(call));
    await twoAtOnce(some(wanted, amount), ({ call, n, bare }) =>
      withStore(
        async (folder) => {
          const root = join(folder, 'sessions');
          const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${n}`];
          const writer = start(sources, root, ['script', ROUNDS], strace('-o', '/dev/null', ...inject));
          await writer.ended;
          counts.points += 1;
          if (!writer.lines.includes('released')) counts.reached += 1;
          const model = new Model();
          for (const line of writer.lines) model.take(line);
          for (const problem of await checkAfterCrash(store, root, model)) problems.push(`${call} ${n}: ${problem}`);
        },
        { bare },
      ),
    );
    if (counts.reached < counts.points * 0.9)
      problems.push(`only ${counts.reached} of ${counts.points} points were reached`);
    return { counts, problems };
  },
  mutants: [
    {
      name: 'a rewrite leaves the old head beside the new log',
      focus: ['fsync'],
      patches: [['session-writer.ts', 'rmSync(`${folder}/state.json`, { force: true });', '']],
    },
    {
      name: 'a rewrite overwrites the log in place',
      focus: ['rename'],
      patches: [
        [
          'session-writer.ts',
          'renameSync(temporary, path);',
          'ftruncateSync(openExisting(path, "write") as number); rmSync(path); renameSync(temporary, path);',
        ],
        ['session-writer.ts', 'import { closeSync,', 'import { ftruncateSync, closeSync,'],
      ],
    },
    {
      name: 'a fork is cut to size in its place',
      focus: ['ftruncate'],
      patches: [
        ['copy.ts', 'const temporary = temporaryFor(to);', 'const temporary = to;'],
        [
          'copy.ts',
          'renameSync(temporary, to);\n    } finally {\n      rmSync(temporary, { force: true });',
          'renameSync(temporary, to);\n    } finally {',
        ],
      ],
    },
    {
      name: 'a session is deleted file by file',
      focus: ['rename'],
      patches: [
        ['leases.ts', 'renameSync(folder, trash);', 'rmSync(`${folder}/messages.json`); renameSync(folder, trash);'],
      ],
    },
  ],
};
