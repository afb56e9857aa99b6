import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkAfterCrash } from './lib/check.mjs';
import { inMemory, random, withFolder } from './lib/machine.mjs';
import { crashState, recordDisk } from './lib/traced-fs.mjs';
import { Model, moves, play } from './lib/workload.mjs';

/** Plays the moves once while each operation on the disk is recorded, then cuts the power in the model at random places of the record. */
export default {
  name: 'modelled power cuts',
  amounts: { short: 400, long: 20_000, mutant: 500 },
  missing: () => undefined,
  async run({ store, amount }) {
    const problems = [];
    const record = await withFolder((folder) => play1(store, realpathSync(folder)));
    const counts = { operations: record.operations.length, states: 0 };
    const pick = random(amount);
    await withFolder(async (folder) => {
      for (let state = 0; state < amount && problems.length < 20; state += 1) {
        // After each operation in turn, so that none is left out.
        const until = 1 + ((state * 7919) % record.operations.length);
        const root = join(folder, 'sessions');
        crashState(record, until, pick, root);
        counts.states += 1;
        for (const problem of await checkAfterCrash(store, root, modelAt(record, until)))
          problems.push(`state ${state} after operation ${until}: ${problem}`);
        rmSync(root, { recursive: true });
      }
    }, inMemory());
    return { counts, problems };
  },
  mutants: [
    {
      name: 'an append is not synced',
      patches: [
        [
          'log-writer.ts',
          'await this.#write(bytes, records.length);\n      await syncData(this.#fd);',
          'await this.#write(bytes, records.length);',
        ],
      ],
    },
    {
      name: 'a batch is one write',
      patches: [['log-writer.ts', 'count > 1 && this.#end > 0 ? 1 : 0', '0 as number']],
    },
    {
      name: 'the name of a new session is not synced',
      patches: [
        [
          'session-writer.ts',
          'await this.#saveMetadata();\n      await syncFolder(root);',
          'await this.#saveMetadata();',
        ],
      ],
    },
    {
      name: 'the names in a new session are not synced',
      patches: [
        [
          'session-writer.ts',
          'await syncFolder(folder);\n      await this.#saveMetadata();',
          'await this.#saveMetadata();',
        ],
        [
          'session-writer.ts',
          'await syncFolder(this.place.folder);\n    this.#metadata = text;',
          'this.#metadata = text;',
        ],
      ],
    },
    { name: 'a rewritten log is not synced before its rename', patches: [['rewrite.ts', 'await syncFile(fd);', '']] },
    {
      name: 'the rename of a rewritten log is not synced',
      patches: [
        ['session-writer.ts', 'old.close();\n      await syncFolder(folder);', 'old.close();'],
        [
          'session-writer.ts',
          'await syncFolder(this.place.folder);\n    this.#metadata = text;',
          'this.#metadata = text;',
        ],
      ],
    },
    { name: 'a deletion is not synced', patches: [['leases.ts', 'await syncFolder(root);', '']] },
    { name: 'a copied log is not synced', patches: [['copy.ts', 'await syncData(copy);', '']] },
    {
      name: 'what stands behind an interrupted append is taken for records',
      patches: [['tail.ts', 'lines.bytes[lines.start] === INTERRUPTED', '(false as boolean)']],
    },
  ],
};

async function play1({ fsStorage }, folder) {
  const root = join(folder, 'sessions');
  mkdirSync(root, { mode: 0o700 });
  const disk = recordDisk(root);
  const storage = fsStorage({ root });
  const leases = new Map();
  try {
    for (const move of moves(3)) {
      disk.operations.push({ what: 'said', line: `begin ${JSON.stringify(move)}` });
      await play(storage, leases, move);
      disk.operations.push({ what: 'said', line: 'done' });
    }
  } finally {
    await storage.close();
    disk.undo();
  }
  return disk;
}

function modelAt({ operations }, until) {
  const model = new Model();
  for (const { what, line } of operations.slice(0, until)) if (what === 'said') model.take(line);
  return model;
}
