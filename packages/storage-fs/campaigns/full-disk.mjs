import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAfterCrash } from './lib/check.mjs';
import { missing, withFolder } from './lib/machine.mjs';
import { Model, moves, play } from './lib/workload.mjs';

/** Moves played from the moment at which the disk is nearly full. */
const AFTER = 18;
const MOUNT = ['mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs']];

/** The moves on a disk with ever more room: each is done or STORAGE_FULL with the old data whole, and goes on once there is space. */
export default {
  name: 'full disk',
  amounts: { short: 12, long: 500, mutant: 60 },
  missing: () => missing('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'], 'mounting a tmpfs'),
  run: ({ store, amount }) =>
    withFolder(async (disk) => {
      const problems = [];
      const counts = { levels: 0, done: 0, refused: 0 };
      execFileSync(MOUNT[0], [...MOUNT[1], disk]);
      try {
        for (let level = 0; level < amount && problems.length < 20; level += 1) {
          // Free pages, and how many moves were made before the disk was full.
          const root = join(disk, `s${level}`);
          mkdirSync(root, { mode: 0o700 });
          await atLevel(
            store,
            root,
            join(disk, 'ballast'),
            level % 10,
            Math.floor((level * 50) / amount),
            counts,
            (problem) => problems.push(`level ${level}: ${problem}`),
          );
          rmSync(root, { recursive: true });
          counts.levels += 1;
        }
      } finally {
        execFileSync('umount', ['-l', disk]);
      }
      if (counts.refused < counts.levels / 2) problems.push(`the disk was full only ${counts.refused} times`);
      return { counts, problems };
    }),
  mutants: [
    { name: 'the log is not cut back', patches: [['log-writer.ts', 'this.#cutBack();\n      throw', 'throw']] },
    {
      name: 'a refused append is acknowledged',
      patches: [
        [
          'log-writer.ts',
          'throw storageError(error, `append to ${this.#path}`);\n    }\n    this.#tip',
          'void error;\n    }\n    this.#tip',
        ],
      ],
    },
  ],
};

async function atLevel({ fsStorage, verifySession }, root, ballast, pages, before, counts, say) {
  const storage = fsStorage({ root });
  const leases = new Map();
  const model = new Model();
  const step = async (move) => {
    model.take(`begin ${JSON.stringify(move)}`);
    await play(storage, leases, move);
    model.take('done');
  };
  let made = 0;
  let full = false;
  for (const move of moves(7)) {
    if (made === before + AFTER) break;
    if (made === before) {
      const { bavail, bsize } = statfsSync(root);
      writeFileSync(ballast, Buffer.alloc(Math.max(0, Number(bavail) - pages) * Number(bsize)));
      full = true;
    }
    made += 1;
    try {
      await step(move);
      if (full) counts.done += 1;
      if (full && move.count === 0) await sameAs(storage, root, model, say);
    } catch (error) {
      counts.refused += 1;
      if (error.code !== 'STORAGE_FULL') say(`${move.what}: ${error.code} ${error.message}`);
      model.take('failed');
      await sameAs(storage, root, model, say);
      rmSync(ballast, { force: true });
      full = false;
      try {
        await step(move);
      } catch (again) {
        say(`${move.what} with space again: ${again.code} ${again.message}`);
      }
    }
  }
  await storage.close();
  rmSync(ballast, { force: true });
  for (const problem of await checkAfterCrash({ fsStorage, verifySession }, root, model)) say(problem);
}

async function sameAs(storage, root, model, say) {
  for (const id of ['one', 'two']) {
    if (model.logs.has(id) && !isJson(join(root, id, 'metadata.json'))) say(`${id}: metadata.json was destroyed`);
    const log = [];
    try {
      for await (const page of storage.read(id)) log.push(...page.map(({ json }) => json));
    } catch (error) {
      if (error.code === 'SESSION_NOT_FOUND' && !model.logs.has(id)) continue;
      say(`${id}: ${error.code} ${error.message}`);
    }
    if (JSON.stringify(log) !== JSON.stringify(model.logs.get(id)))
      say(`${id} is not what was acknowledged: ${log.length} records`);
  }
}

function isJson(path) {
  try {
    JSON.parse(readFileSync(path, 'utf8'));
    return true;
  } catch {
    return false;
  }
}
