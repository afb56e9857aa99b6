import { join } from 'node:path';
import { checkAfterCrash } from './lib/check.mjs';
import { missing, start, twoAtOnce, withFolder } from './lib/machine.mjs';
import { Model } from './lib/workload.mjs';

/** A limit on the size of files (`ulimit -f`): writes end short and then fail. Each is refused whole, and the store goes on without the limit. */
export default {
  name: 'short writes',
  amounts: { short: 4, long: 60, mutant: 12 },
  missing: () => missing('bash', ['-c', 'ulimit -f 10'], 'a limit on the size of files'),
  async run({ sources, store, amount }) {
    const problems = [];
    const counts = { limits: 0, refused: 0 };
    await twoAtOnce(
      Array.from({ length: amount }, (_, at) => 1 + at * 3),
      (kib) =>
        withFolder(async (folder) => {
          const root = join(folder, 'sessions');
          const writer = start(sources, root, ['retry', 4], ['bash', '-c', `ulimit -f ${kib}; exec "$@"`, 'bash']);
          await writer.ended;
          const model = new Model();
          for (const line of writer.lines) model.take(line);
          counts.limits += 1;
          const errors = writer.lines.filter((line) => line.startsWith('error'));
          counts.refused += errors.length;
          for (const error of errors)
            if (!error.startsWith('error STORAGE_FULL')) problems.push(`${kib} KiB: ${error}`);
          const stopped = writer.lines.find((line) => line.startsWith('stopped'));
          if (stopped) problems.push(`${kib} KiB: ${stopped}`);
          for (const problem of await checkAfterCrash(store, root, model)) problems.push(`${kib} KiB: ${problem}`);
        }),
    );
    if (counts.refused === 0) problems.push('no write was ever short');
    return { counts, problems };
  },
  mutants: [
    {
      name: 'a short write counts as a whole one',
      patches: [
        [
          'files.ts',
          'for (let done = 0; done < bytes.length;) {\n    done +=',
          'for (let done = 0; done < 1;) {\n    done +=',
        ],
      ],
    },
    {
      name: 'the log is not cut back',
      patches: [['log-writer.ts', 'this.#cutBack();\n      throw', 'throw']],
    },
  ],
};
