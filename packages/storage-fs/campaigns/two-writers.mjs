import { join } from 'node:path';
import { start, withFolder } from './lib/machine.mjs';

/** Two processes take turns at one session, with small and large records; then one is stopped and killed while it holds the lease. */
export default {
  name: 'two writers',
  amounts: { short: 12, long: 300, mutant: 100 },
  missing: () => undefined,
  run: ({ sources, store, amount }) =>
    withFolder(async (folder) => {
      const problems = [];
      const counts = { records: 0, refused: 0, 'slowest refusal ms': 0, 'kills of a holder': 0 };
      for (const [size, many] of [
        [2000, amount],
        [2_000_000, Math.ceil(amount / 10)],
      ]) {
        const root = join(folder, `s${size}`);
        const writers = ['a', 'b'].map((name) => start(sources, root, ['append', size, many, name]));
        for (const { ended } of writers) await ended;
        const stored = new Map();
        for (const [at, { lines }] of writers.entries()) {
          const stopped = lines.find((line) => line.startsWith('stopped'));
          if (stopped) problems.push(stopped);
          for (const line of lines) {
            const [what, number, left] = line.split(' ');
            if (what === 'busy') {
              counts.refused += 1;
              counts['slowest refusal ms'] = Math.max(counts['slowest refusal ms'], Number(number));
            }
            if (what !== 'stored') continue;
            if (stored.has(Number(number))) problems.push(`record ${number} was acknowledged twice`);
            stored.set(Number(number), `${'ab'[at]} ${left}`);
          }
        }
        counts.records += stored.size;
        await compare(store, root, stored, 2 * many, problems);
      }
      await holders(store, sources, join(folder, 'held'), counts, problems);
      return { counts, problems };
    }),
  mutants: [
    { name: 'the lock is shared', patches: [['lock.ts', 'BEGIN EXCLUSIVE', 'BEGIN']] },
    {
      name: 'the lock stays when its holder is killed',
      patches: [
        ['lock.ts', 'if (code === SQLITE_BUSY)', 'if (readHolder(folder) !== undefined)'],
        [
          'lock.ts',
          'const before = inode(path)',
          "if (readHolder(folder) !== undefined && readHolder(folder)?.owner.name === 'holder') throw busy(id, readHolder(folder)?.owner);\n  const before = inode(path)",
        ],
      ],
    },
  ],
};

async function compare({ fsStorage, verifySession }, root, stored, wanted, problems) {
  const storage = fsStorage({ root });
  let count = 0;
  try {
    for await (const page of storage.read('one')) {
      for (const { seq, json } of page) {
        count += 1;
        const { by, left } = JSON.parse(json);
        if (stored.get(seq) !== `${by} ${left}`)
          problems.push(`record ${seq} is ${by} ${left}, acknowledged was ${stored.get(seq)}`);
      }
    }
  } catch (error) {
    problems.push(`${error.code} ${error.message}`);
  }
  if (count !== wanted) problems.push(`${count} records of ${wanted}`);
  for (const damage of verifySession('one', { root })) problems.push(JSON.stringify(damage));
  await storage.close();
}

/** A stopped holder keeps the lease; a killed one's is free within a second. */
async function holders({ fsStorage }, sources, root, counts, problems) {
  const holder = start(sources, root, ['hold']);
  await holder.line('held');
  const storage = fsStorage({ root });
  const take = () => storage.acquire('one', { owner: { name: 'second' }, expect: 'new' });
  const refused = async (when) => {
    const before = performance.now();
    const code = await take().then(
      () => 'taken',
      (error) => error.code,
    );
    if (code !== 'SESSION_BUSY') problems.push(`${when}: ${code}`);
    counts['slowest refusal ms'] = Math.max(counts['slowest refusal ms'], Math.round(performance.now() - before));
  };
  await refused('while it is held');
  await holder.kill('SIGSTOP');
  await refused('while the holder is stopped');
  await holder.kill();
  counts['kills of a holder'] += 1;
  const before = performance.now();
  await take().catch((error) => problems.push(`after kill -9 of the holder: ${error.code}`));
  if (performance.now() - before > 1000) problems.push('the lease was not free within a second');
  await storage.close();
}
