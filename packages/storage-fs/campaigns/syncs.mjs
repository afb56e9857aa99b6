import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAfterCrash } from './lib/check.mjs';
import { MAKING, noStrace, pointsIn, some, start, strace, twoAtOnce, withStore } from './lib/machine.mjs';
import { Model } from './lib/workload.mjs';

const ROUNDS = 2;
const SYNCS = ['fsync', 'fdatasync'];

/** Lets the n-th sync fail with EIO: nothing that was refused is there, what is tried again is, and no sync is repeated on its descriptor. */
export default {
  name: 'sync errors',
  amounts: { short: 4, long: Infinity, mutant: 20 },
  missing: noStrace,
  async run({ sources, store, amount }) {
    const problems = [];
    const traced = (folder, inject) => {
      const trace = ['-o', join(folder, 'trace'), '-e', `trace=${SYNCS},close`];
      return start(sources, join(folder, 'sessions'), ['retry', ROUNDS], strace('-y', ...trace, ...inject));
    };
    const calls = (folder) => readFileSync(join(folder, 'trace'), 'utf8').split('\n');
    const points = await withStore(async (folder) => {
      await traced(folder, []).ended;
      return pointsIn(calls(folder).join('\n'), SYNCS);
    });
    const counts = { syncs: points.length, failed: 0, refused: 0 };
    await twoAtOnce(
      some([...MAKING.filter(({ call }) => SYNCS.includes(call)), ...points], amount),
      ({ call, n, bare }) =>
        withStore(
          async (folder) => {
            const root = join(folder, 'sessions');
            const writer = traced(folder, ['-e', `inject=${call}:error=EIO:when=${n}`]);
            await writer.ended;
            const model = new Model();
            for (const line of writer.lines) model.take(line);
            const say = (problem) => problems.push(`${call} ${n}: ${problem}`);
            const all = calls(folder);
            const at = all.findIndex((line) => line.includes('(INJECTED)'));
            if (at < 0) return say('was not reached');
            counts.failed += 1;
            if (writer.lines.some((line) => line.startsWith('error STORAGE_FAILED'))) counts.refused += 1;
            const stopped = writer.lines.find((line) => line.startsWith('stopped'));
            if (stopped) say(stopped);
            const [, fd, path] = /sync\((\d+)<([^>]*)>/.exec(all[at]) ?? [];
            const next = all.slice(at + 1).find((line) => line.includes(`(${fd}<`));
            if (next !== undefined && /sync\(/.test(next) && next.includes(`<${path}>`))
              say(`${path} was synced again on descriptor ${fd}`);
            // A log that could not be synced must not be acknowledged.
            const index = writer.lines.findIndex((line) => line.startsWith('error'));
            if (path?.endsWith('/messages.json') && index < 0) say(`${path} could not be synced, and nobody was told`);
            for (const problem of await checkAfterCrash(store, root, model)) say(problem);
          },
          { bare },
        ),
    );
    return { counts, problems };
  },
  mutants: [
    {
      name: 'a failed sync is acknowledged',
      patches: [
        [
          'log-writer.ts',
          'throw storageError(error, `append to ${this.#path}`);\n    }\n    this.#tip',
          'void error;\n    }\n    this.#tip',
        ],
      ],
    },
    {
      name: 'a failed sync is tried again on its descriptor',
      patches: [
        ['log-writer.ts', "const fd = openExisting(this.#path, 'write');", 'const fd: number | undefined = this.#fd;'],
        ['log-writer.ts', 'closeSync(this.#fd);\n      this.#fd = fd;', 'this.#fd = fd;'],
      ],
    },
    {
      name: 'a refused append stays in the file',
      patches: [
        [
          'log-writer.ts',
          'ftruncateSync(fd, this.#end);\n      writeWhole(fd, Buffer.from(closerFor(this.#end)), this.#end);\n      fdatasyncSync(fd);\n      this.#uncut',
          'this.#uncut',
        ],
      ],
    },
  ],
};
