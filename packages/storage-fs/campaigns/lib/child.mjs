/**
 * A writer in its own process: `child.mjs INDEX ROOT WHAT [ARGUMENT]`. `script ROUNDS` plays the moves from an empty store, `go` plays on from
 * what is there until it is killed, `retry ROUNDS` tries each move up to three times, `hold` keeps the lease, `append SIZE COUNT`
 * takes and gives back the lease for each record. Each line that it says is written before it goes on.
 */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { headOf, moves, play } from './workload.mjs';

const [index, root, what, ...rest] = process.argv.slice(2);
const { fsStorage } = await import(pathToFileURL(index).href);
const storage = fsStorage({ root });
const leases = new Map();
const say = (line) => writeSync(1, `${line}\n`);

async function run(list, tries = 1) {
  for (const move of list) {
    for (let left = tries; left > 0; left -= 1) {
      say(`begin ${JSON.stringify(move)}`);
      try {
        await play(storage, leases, move);
        say('done');
        break;
      } catch (error) {
        say(`error ${error.code} ${error.message}`);
        // What failed is as if it had not been tried; the caller must be able to try again.
        say('failed');
        if (left === 1 && tries === 1) throw error;
        if (!['STORAGE_FULL', 'STORAGE_FAILED'].includes(error.code)) throw error;
        if (left === 1) return;
      }
    }
  }
}

try {
  say('ready');
  if (what === 'script') await run(moves(Number(rest[0])));
  else if (what === 'retry') await run(moves(Number(rest[0])), 3);
  else if (what === 'go') {
    const tip = (await storage.head('one'))?.seq ?? 0;
    await run(moves(1e6, { tip, g: Number(rest[0]) }));
  } else if (what === 'hold') {
    await storage.acquire('one', {
      owner: { name: 'holder' },
      expect: (await storage.head('one')) ? 'existing' : 'new',
    });
    say('held');
    setInterval(() => undefined, 1000);
  } else if (what === 'append') await alternate(Number(rest[0]), Number(rest[1]), rest[2]);
  if (what !== 'hold') {
    for (const lease of leases.values()) await lease.release();
    say('released');
  }
} catch (error) {
  say(`stopped ${error.code} ${error.stack}`);
  process.exitCode = 1;
}

/** Appends `count` records of about `size` bytes beside others who do the same, a lease for each. */
async function alternate(size, count, name) {
  let left = count;
  while (left > 0) {
    const before = performance.now();
    try {
      const expect = (await storage.head('one')) ? 'existing' : 'new';
      const lease = await storage.acquire('one', { owner: { name }, expect });
      const tip = lease.head?.seq ?? 0;
      const record = JSON.stringify({ by: name, left, pad: 'x'.repeat(size) });
      await storage.append(lease, { expected: tip, records: [record], head: headOf('one', tip + 1) });
      say(`stored ${tip + 1} ${left}`);
      left -= 1;
      await lease.release();
    } catch (error) {
      if (!['SESSION_BUSY', 'SESSION_EXISTS', 'SESSION_NOT_FOUND'].includes(error.code)) throw error;
      say(`busy ${Math.round(performance.now() - before)}`);
    }
    await new Promise((done) => setTimeout(done, Math.random() * 4));
  }
}
