import { spawn } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider, Reply } from '@reprise/fake-provider';
import { defineTool } from '@reprise/core';
import type { Message, Session, Tool } from '@reprise/core';
import { MODELS, environmentOf, sessionsOn, temporaryFolder } from './support.ts';
import { really } from './wire/clock.ts';

/** Shown text that a kill may take. */
const LOST_MS = 500;

/** One turn in a process of its own. `STOP` is where it stands still: after an append of such a record, or in such a call. */
const PROGRAM = `
import { appendFileSync, writeSync } from 'node:fs';
import { createDefaultSessions } from '@reprise/session';
import { fsStorage } from '@reprise/storage-fs';
const { ROOT, RAN, STOP = '' } = process.env;
const say = (line) => writeSync(1, line + '\\n');
const store = fsStorage({ root: ROOT });
const seen = {};
const storage = Object.assign(Object.create(store), {
  async append(lease, batch) {
    await store.append(lease, batch);
    for (const json of batch.records) {
      const { type } = JSON.parse(json);
      seen[type] = (seen[type] ?? 0) + 1;
      if (STOP === type + ' ' + seen[type]) {
        say('here');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      }
    }
  },
});
const tool = (name, replay) => ({
  name, replay, description: name, input: { type: 'object' }, access: () => ({ effect: 'none' }),
  async run() {
    appendFileSync(RAN, name + '\\n');
    if (STOP !== 'in ' + name) return name + ' gave it';
    say('here');
    return new Promise(() => setInterval(() => undefined, 1000));
  },
});
const tools = [tool('look', 'safe'), tool('write', 'never')];
const sessions = createDefaultSessions({ storage, tools, random: () => 0 });
const session = await sessions.create({ model: '${MODELS.anthropic}', tools: ['look', 'write'] });
say('id ' + session.id);
const turn = session.turn('Go on.');
turn.on('text', ({ content }) => say('text ' + JSON.stringify(content)));
turn.on('reasoning', ({ content }) => say('reasoning'));
await turn.outcome();
say('ended');
`;

const THINKING = 'I should look at it and write it down.';
const TEXT = 'I look and then I write.';
const CALLS = [
  { id: 'call_look', name: 'look', input: { at: 'the place' } },
  { id: 'call_write', name: 'write', input: { at: 'the other place' } },
];
const first = () => anthropic.message({ thinking: THINKING, text: TEXT, toolCalls: CALLS });
const last = (text = 'All done.') => anthropic.message({ text });

/** After how many events of the first answer such a delta has come, and some before it. */
function upTo(delta: string): Reply {
  const events = first();
  const at = events.findIndex(({ data }) => JSON.stringify(data).includes(delta));
  return { events, fault: { afterEvents: at + 3, then: 'stall' } };
}

interface Point {
  readonly answer?: () => Reply | ReturnType<typeof first>;
  /** What the program stops at by itself; else its answer does. */
  readonly stop?: string;
  /** What the process must have said before it is killed. */
  readonly said?: string;
  /** Results that were stored. */
  readonly results: readonly string[];
  /** Whether the answer was stored. */
  readonly step: boolean;
}

const POINTS: Readonly<Record<string, Point>> = {
  'before the request': { stop: 'message 1', results: [], step: false },
  'before the first byte': { answer: () => ({ delayMs: 1e8, events: [] }), results: [], step: false },
  'in the middle of thinking': { answer: () => upTo('thinking_delta'), said: 'reasoning', results: [], step: false },
  'in the middle of the text': { answer: () => upTo('text_delta'), said: 'text', results: [], step: false },
  'in the middle of the arguments of a call': {
    answer: () => upTo('input_json_delta'),
    said: 'text',
    results: [],
    step: false,
  },
  'while both tools run': { answer: first, stop: 'in look', results: ['call_write'], step: true },
  'between two results': { answer: first, stop: 'result 1', results: ['call_look'], step: true },
  'while the second tool runs': { answer: first, stop: 'in write', results: ['call_look'], step: true },
  'between two steps': { answer: first, stop: 'result 2', results: ['call_look', 'call_write'], step: true },
};

/** Plays the turn in a process that is killed there, and gives what is left of it. */
async function killed({ answer, stop, said }: Point, fake: FakeProvider, folder: string) {
  if (answer !== undefined) fake.script('anthropic', answer());
  const ran = join(folder, 'ran');
  const env = {
    ...environmentOf(fake),
    PATH: process.env['PATH'],
    HOME: folder,
    ROOT: join(folder, 'sessions'),
    RAN: ran,
    ...(stop && { STOP: stop }),
  };
  const child = spawn(
    process.execPath,
    ['--conditions=@reprise/source', '--no-warnings', '--input-type=module-typescript', '-e', PROGRAM],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), env, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines: { readonly at: number; readonly text: string }[] = [];
  createInterface(child.stdout).on('line', (text) => void lines.push({ at: performance.now(), text }));
  const has = (word: string): boolean => lines.some(({ text }) => text.startsWith(word));
  let over = false;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve(void (over = true))));
  if (stop === undefined) await Promise.race([fake.received(0), ended]);
  while (!over && !has(stop === undefined ? (said ?? 'id') : 'here')) await really(5);
  // A result is stored after its tool ended.
  if (stop?.startsWith('in')) await really(200);
  if (said !== undefined) await really(LOST_MS + 100);
  child.kill('SIGKILL');
  const at = performance.now();
  await ended;
  expect(has('ended')).toBe(false);
  const surely = lines.filter((line) => line.at < at - LOST_MS);
  const shown = (kind: string): string =>
    surely.map(({ text }) => (text.startsWith(kind) ? (JSON.parse(text.slice(kind.length)) as string) : '')).join('');
  const id = lines.find(({ text }) => text.startsWith('id '))?.text.slice(3) ?? '';
  return { id, text: shown('text '), ran: () => readOr(ran) };
}

function readOr(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').sort();
  } catch {
    return [];
  }
}

/** The next owner's tools, and which of them ran. */
function tools(): { readonly tools: Tool[]; readonly again: string[] } {
  const again: string[] = [];
  const made = (['look', 'write'] as const).map((name) =>
    defineTool({
      name,
      replay: name === 'look' ? 'safe' : 'never',
      description: name,
      input: { type: 'object' },
      access: () => ({ effect: 'none' }),
      async run() {
        again.push(name);
        return `${name} gave it again`;
      },
    }),
  );
  return { tools: made, again };
}

async function messagesOf(session: Session): Promise<Message[]> {
  return (await session.getMessages()).filter(({ role }) => role === 'assistant');
}

const recordsOf = async (session: Session) =>
  ((await session.export()).records ?? []) as readonly {
    readonly type: string;
    readonly call?: string;
    readonly error?: string;
  }[];

describe.concurrent('a process that is killed', () => {
  test.each(Object.entries(POINTS))('%s', { timeout: 60_000 }, async (_name, point) => {
    const fake = await startFakeProvider({ strict: true });
    const [folder, copy] = [temporaryFolder(), temporaryFolder()];
    try {
      const left = await killed(point, fake, folder.path);
      const ran = left.ran();
      cpSync(folder.path, copy.path, { recursive: true });

      // Ended: what was shown is kept, no tool runs, twice gives the same, the next message is answered.
      const ending = tools();
      const sessions = sessionsOn(folder.path, fake, { tools: ending.tools });
      const session = await sessions.resume(left.id);
      await session.abort();
      const settled = await recordsOf(session);
      const [partial] = await messagesOf(session);
      expect((partial?.content ?? '').startsWith(left.text)).toBe(true);
      expect(TEXT.startsWith(partial?.content ?? '')).toBe(true);
      const results = settled.filter(({ type }) => type === 'result');
      expect(results.map(({ call }) => call).sort()).toEqual(point.step ? ['call_look', 'call_write'] : []);
      expect(results.filter(({ error }) => error === undefined).map(({ call }) => call)).toEqual(point.results);
      expect(settled.filter(({ type }) => type === 'turn-end')).toHaveLength(1);
      await sessions.close();
      const twice = sessionsOn(folder.path, fake, { tools: ending.tools });
      const again = await twice.resume(left.id);
      await again.abort();
      expect((await recordsOf(again)).filter(({ type }) => type !== 'change')).toEqual(
        settled.filter(({ type }) => type !== 'change'),
      );
      fake.script('anthropic', last('I am back.'));
      expect((await again.message('Still there?')).content).toBe('I am back.');
      expect(ending.again).toEqual([]);
      await twice.close();

      // Carried on: one end, and nothing that finished runs again.
      const going = tools();
      const other = sessionsOn(copy.path, fake, { tools: going.tools });
      fake.script('anthropic', ...(point.step ? [last()] : [first(), last()]));
      const goes = await other.resume(left.id, { recover: 'continue' });
      const outcome = await goes.recovering?.outcome();
      expect(outcome).toMatchObject({ status: 'done', message: { content: 'All done.' } });
      const carried = await recordsOf(goes);
      expect(carried.filter(({ type }) => type === 'turn-end')).toHaveLength(1);
      expect(carried.filter(({ type }) => type === 'message')).toHaveLength(1);
      expect(carried.filter(({ type }) => type === 'result')).toHaveLength(2);
      for (const call of point.results) expect(going.again).not.toContain(call.slice('call_'.length));
      // What may have had its effect is told as unknown and not done again.
      if (point.step) expect(going.again).not.toContain('write');
      else expect(going.again).toEqual(['look', 'write']);
      expect(left.ran()).toEqual(ran);
      await other.close();
      expect(fake.pending('anthropic')).toBe(0);
    } finally {
      await fake.close();
      folder.remove();
      copy.remove();
    }
  });
});
