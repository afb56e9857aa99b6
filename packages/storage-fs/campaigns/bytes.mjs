import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAfterCrash } from './lib/check.mjs';
import { inMemory, random, withFolder } from './lib/machine.mjs';
import { headOf, Model, play, recordsOf } from './lib/workload.mjs';

const COUNT = 24;

/** A store with one session of COUNT records, each appended alone. */
async function fill({ fsStorage }, root) {
  const storage = fsStorage({ root });
  const leases = new Map();
  for (let seq = 0; seq < COUNT; seq += 1)
    await play(storage, leases, { what: 'append', id: 'one', expected: seq, count: 1, g: 1 });
  await storage.close();
  return join(root, 'one', 'messages.json');
}

async function readable({ fsStorage }, root) {
  const storage = fsStorage({ root });
  const seqs = [];
  let code = 'whole';
  try {
    for await (const page of storage.read('one')) for (const { seq, json } of page) seqs.push(`${seq} ${json}`);
  } catch (error) {
    code = error.code;
  }
  await storage.close();
  return { seqs, code };
}

/** One bit of the log is flipped: `verify` must say so, and every record but the one it is in (or the two around it) must load. */
export const flips = {
  name: 'bit flips',
  amounts: { short: 300, long: 5000, mutant: 200 },
  missing: () => undefined,
  run: ({ store, amount }) =>
    withFolder(async (folder) => {
      const problems = [];
      const counts = { flips: 0, found: 0 };
      const root = join(folder, 'sessions');
      const path = await fill(store, root);
      const sound = readFileSync(path);
      const texts = recordsOf(1, 1, COUNT).map((json, at) => `${at + 1} ${json}`);
      const pick = random(amount);
      for (let flip = 0; flip < amount && problems.length < 20; flip += 1) {
        const byte = pick(sound.length);
        const bit = pick(8);
        const bytes = Buffer.from(sound);
        bytes[byte] ^= 1 << bit;
        writeFileSync(path, bytes);
        counts.flips += 1;
        const say = (problem) => problems.push(`bit ${bit} of byte ${byte}: ${problem}`);
        if (store.verifySession('one', { root }).length > 0) counts.found += 1;
        else say('was not found');
        const { seqs } = await readable(store, root);
        const lost = texts.filter((text) => !seqs.includes(text));
        if (lost.length > 2) say(`${lost.length} records are lost`);
        if (seqs.some((text) => !texts.includes(text))) say('a record was given that is not the one stored');
      }
      return { counts, problems };
    }, inMemory()),
  mutants: [
    {
      name: 'checksums are not compared',
      patches: [['line.ts', "return 'checksum';\n  const body", ';\n  const body']],
    },
  ],
};

/** The log ends at every byte of its last records, alone and with the junk that file systems leave: what is before loads, and goes on. */
export const cuts = {
  name: 'cut at every byte of the tail',
  amounts: { short: 60, long: Infinity, mutant: 60 },
  missing: () => undefined,
  run: ({ store, amount }) =>
    withFolder(async (folder) => {
      const problems = [];
      const counts = { cuts: 0 };
      const root = join(folder, 'sessions');
      const path = await fill(store, root);
      const sound = readFileSync(path);
      const head = readFileSync(join(root, 'one', 'state.json'));
      const records = recordsOf(1, 1, COUNT);
      // Where each record's line ends.
      const ends = [];
      for (let at = sound.indexOf(10); at >= 0; at = sound.indexOf(10, at + 1)) ends.push(at + 1);
      const from = ends[COUNT - 5];
      const step = Math.max(1, Math.floor((sound.length - from) / amount));
      for (let cut = from; cut < sound.length && problems.length < 20; cut += step) {
        for (const junk of ['', '\0'.repeat(700), ',{"seq":']) {
          writeFileSync(path, Buffer.concat([sound.subarray(0, cut), Buffer.from(junk)]));
          // As after a crash: the head lags.
          writeFileSync(join(root, 'one', 'state.json'), JSON.stringify(headOf('one', COUNT - 5)));
          const whole = ends.filter((end) => end <= cut).length;
          const model = new Model();
          model.logs.set('one', records.slice(0, Math.min(whole, COUNT)));
          counts.cuts += 1;
          for (const problem of await checkAfterCrash(store, root, model))
            problems.push(`cut at ${cut}, then ${junk.length} bytes: ${problem}`);
        }
      }
      writeFileSync(join(root, 'one', 'state.json'), head);
      return { counts, problems };
    }, inMemory()),
  mutants: [
    { name: 'a torn tail is not cut', patches: [['log-writer.ts', 'if (!tail.clean) {', 'if (false as boolean) {']] },
    { name: 'a torn line is kept', patches: [['tail.ts', 'return !lines.whole ||', 'return']] },
  ],
};
