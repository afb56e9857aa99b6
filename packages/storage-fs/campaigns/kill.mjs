import { join } from 'node:path';
import { checkAfterCrash } from './lib/check.mjs';
import { random, start, twoAtOnce, withFolder } from './lib/machine.mjs';
import { Model, recordOf } from './lib/workload.mjs';

/** SIGKILL at random moments of a writer that plays on from where the one before was killed. */
export default {
  name: 'kill -9 loop',
  amounts: { short: 8, long: 1000, mutant: 12 },
  missing: () => undefined,
  async run({ sources, store, amount }) {
    const problems = [];
    const counts = { kills: 0, moves: 0 };
    // Two stores at once, each with a writer after the other.
    const halves = [Math.ceil(amount / 2), Math.floor(amount / 2)].filter((kills) => kills > 0);
    await twoAtOnce(halves.entries(), ([at, kills]) =>
      withFolder(async (folder) => {
        const root = join(folder, 'sessions');
        const pick = random(at + 1);
        const model = new Model();
        for (let kill = 0; kill < kills && problems.length === 0; kill += 1) {
          const writer = start(sources, root, ['go', kill + 1]);
          await writer.line('begin');
          await new Promise((done) => setTimeout(done, pick(40)));
          await writer.kill();
          for (const line of writer.lines) model.take(line);
          counts.kills += 1;
          counts.moves += writer.lines.filter((line) => line === 'done').length;
          const stopped = writer.lines.find((line) => line.startsWith('stopped'));
          if (stopped) problems.push(stopped);
          const found = new Map();
          for (const problem of await checkAfterCrash(store, root, model, found))
            problems.push(`kill ${kill}: ${problem}`);
          await remove(store, root, 'two');
          // Now and then from the start, so that creation is killed too; else on from what is there and what the check appended.
          if (kill % 5 === 4) await remove(store, root, 'one');
          const log = found.get('one');
          model.settle(new Map([['one', kill % 5 === 4 ? undefined : [...(log ?? []), recordOf(0, 1)]]]));
          if (log === undefined) model.settle(new Map());
        }
      }),
    );
    return { counts, problems };
  },
  mutants: [
    {
      name: 'an append begins by cutting the log',
      patches: [
        [
          'log-writer.ts',
          'this.#write(bytes, records.length);',
          'ftruncateSync(this.#fd, 0); this.#write(bytes, records.length);',
        ],
      ],
    },
  ],
};

async function remove({ fsStorage }, root, id) {
  const storage = fsStorage({ root });
  if ((await storage.head(id)) !== undefined)
    await storage.remove(await storage.acquire(id, { owner: { name: 'campaign' }, expect: 'existing' }));
  await storage.close();
}
