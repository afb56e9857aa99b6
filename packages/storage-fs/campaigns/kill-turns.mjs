import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSessions } from '@reprise/core';
import { random, start, withFolder } from './lib/machine.mjs';

const TURNS = fileURLToPath(new URL('lib/turns.mjs', import.meta.url));
/** The next process goes on within two seconds; five times that, since machines are busy. */
const LATE_MS = 10_000;

/** SIGKILL at random moments of an engine that streams answers and runs tools; each process goes on from where the one before was killed. */
export default {
  name: 'kill -9 in turns with tools',
  amounts: { short: 3, long: 300, mutant: 8 },
  missing: () => undefined,
  run: ({ sources, store, amount }) =>
    withFolder(async (folder) => {
      const problems = [];
      const counts = { kills: 0, turns: 0, 'tool runs': 0, 'slowest next answer ms': 0 };
      const root = join(folder, 'sessions');
      const effects = join(folder, 'effects');
      const pick = random(amount);
      const said = new Map();
      let asked = 0;
      for (let kill = 0; kill < amount && problems.length === 0; kill += 1) {
        const writer = start(sources, root, [effects, asked + 1], [], TURNS);
        // At times before anything was stored, mostly somewhere in the second or third turn.
        await writer.line(kill % 7 === 6 ? 'ask' : 'said').catch((error) => problems.push(error.message));
        await new Promise((done) => setTimeout(done, pick(150)));
        await writer.kill();
        counts.kills += 1;
        for (const line of writer.lines) {
          const [what, n, ...rest] = line.split(' ');
          if (what === 'ask') asked = Number(n);
          if (what === 'said') said.set(Number(n), rest.join(' '));
          if (what === 'after')
            counts['slowest next answer ms'] = Math.max(counts['slowest next answer ms'], Number(n));
          if (what === 'stopped') problems.push(line);
        }
        const say = (problem) => problems.push(`kill ${kill}: ${problem}`);
        const ran = existsSync(effects) ? readFileSync(effects, 'utf8').trim().split('\n') : [];
        await compare(store, root, said, ran, say);
        counts.turns = said.size;
        counts['tool runs'] = ran.length;
      }
      if (counts['slowest next answer ms'] > LATE_MS) problems.push('a process took too long to go on');
      return { counts, problems };
    }),
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
    {
      name: 'a lease believes the stored head',
      patches: [['session-writer.ts', 'writer.#head = atTip(state, log.tip);', 'writer.#head = state;']],
    },
  ],
};

/** Everything that was acknowledged is there once; no call ran twice; every call but those of an open turn has its one result. */
async function compare({ fsStorage, verifySession }, root, said, ran, say) {
  const storage = fsStorage({ root });
  try {
    if ((await storage.head('one')) === undefined) return said.size === 0 || say('the session is gone');
    const { messages, error } = await readSessions(storage).show('one');
    if (error !== undefined) say(`${error.code} ${error.message}`);
    for (const damage of verifySession('one', { root })) if (damage.kind !== 'torn-tail') say(JSON.stringify(damage));
    const asks = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
    if (new Set(asks).size < asks.length) say('a question is there twice');
    for (const [n, content] of said) {
      const at = messages.findIndex((message) => message.content === `ask ${n}`);
      const next = messages.findIndex(({ role }, i) => i > at && role === 'user');
      const answer = at < 0 ? undefined : messages.slice(0, next < 0 ? undefined : next).at(-1);
      if (answer?.content !== content) say(`turn ${n} was answered with "${content}", there is "${answer?.content}"`);
    }
    if (new Set(ran).size < ran.length) say('a call ran twice');
    const callers = messages.filter(({ toolCalls = [] }) => toolCalls.length > 0);
    for (const [i, { toolCalls, toolResults = [] }] of callers.entries()) {
      const wanted = toolCalls.map(({ id }) => id).join();
      const open = i === callers.length - 1;
      if (!open && toolResults.map(({ id }) => id).join() !== wanted) say(`calls ${wanted} have other results`);
      for (const { id, result, error: why } of toolResults)
        if (why === undefined && !(ran.includes(id) && result === id)) say(`call ${id} has a result and never ran`);
    }
  } finally {
    await storage.close();
  }
}
