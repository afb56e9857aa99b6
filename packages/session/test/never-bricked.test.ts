import fc from 'fast-check';
import { samplePng } from '@reprise/fake-provider';
import { expect, test } from 'vitest';
import type { Event } from './random/event.ts';
import { event } from './random/event.ts';
import { Life } from './random/life.ts';
import type { Reply, Says } from './random/wire.ts';
import { MODELS } from './support.ts';

/** Histories: 10,000 in the campaign, fewer in the normal suite. */
const RUNS = Number(process.env['REPRISE_RUNS'] ?? 200);
/** Where the search begins; the campaign may name another place. */
const SEED = Number(process.env['REPRISE_SEED'] ?? 20_261_122);

/** Lives through the events; then every dialect must take the next message, and no request before may have been refused. */
async function live(events: readonly Event[]): Promise<void> {
  const life = await Life.begin();
  try {
    for (const one of events) await life.live(one);
    await life.everybodyAnswers();
    expect(life.wire.broken.map(({ dialect, rules, body }) => ({ dialect, rules, body }))).toEqual([]);
  } finally {
    await life.end();
  }
}

const answer = (says: Partial<Says>): Reply => ({
  kind: 'says',
  says: { calls: [], cut: false, pause: false, backwards: false, ...says },
});
const say = (text: string, ...replies: Reply[]): Extract<Event, { do: 'message' }> => ({
  do: 'message',
  text,
  replies,
});
const call = (name: string, id = 'call_1') => ({ id, name, json: '{}' });
const timestamp = '2026-01-01T00:00:00.000Z';

/** What was found before; each of these once bricked a session. */
const FOUND: Record<string, readonly Event[]> = {
  'half a character in a message': [say('\ud800 half')],
  'half a character in the arguments of a call': [
    say('Hi', answer({ calls: [{ id: 'a', name: 'look', json: '{"at":"\\ud800"}' }] })),
  ],
  'half a character in what a tool gave': [say('Hi', answer({ calls: [call('odd')] }))],
  'calls of tools with names that nobody could register': [
    say(
      'Hi',
      answer({ calls: [call('functions.look'), call('', 'b'), call('9lives', 'c'), call('y'.repeat(100), 'd')] }),
    ),
  ],
  'an answer without a word between two messages': [say('Hi', answer({})), say('Again')],
  'reasoning that comes last': [say('Hi', answer({ thinking: 'Hm.', text: 'So.', backwards: true }))],
  'a turn that was cut after its tools, then a message to a server that wants an answer in between': [
    say('Hi', answer({ calls: [call('look')] }), {
      kind: 'stalls',
      says: { calls: [], cut: false, pause: false, backwards: false },
      after: 0,
    }),
    { do: 'model', model: MODELS.google, tools: true },
    say('Again'),
    { do: 'model', model: MODELS['openai-chat'], tools: true },
  ],
  'an image under a wrong type, and one that is none': [
    { do: 'message', text: 'Look', replies: [], files: ['mistyped', 'gif', 'blank'] },
    { do: 'message', text: 'Look', replies: [], files: ['broken'] },
    { do: 'message', text: 'Look', replies: [], files: ['heavy'] },
    { do: 'message', text: 'Look', replies: [], files: ['wide'] },
    say('Hi'),
  ],
  'an image that the provider refuses': [
    { do: 'message', text: 'Look', replies: [{ kind: 'refuses' }], files: ['picture'] },
    say('Hi'),
    { do: 'model', model: MODELS.google, tools: false },
    say('Hi'),
  ],
  'images of tools': [
    say('Hi', answer({ calls: [call('show'), call('show', 'b')] })),
    { do: 'model', model: MODELS['openai-chat'], tools: false },
    say('Hi'),
  ],
  'images whose bytes are gone': [
    { do: 'message', text: '', replies: [answer({ thinking: 'Hm.', text: 'So.' })], files: ['picture', 'paper'] },
    { do: 'spoil', how: 'gone' },
    say('Hi', answer({ thinking: 'Hm.', text: 'So.' })),
    { do: 'message', text: 'Look', replies: [], files: ['picture'] },
    { do: 'spoil', how: 'other' },
    { do: 'crash', lost: 0 },
    { do: 'message', text: 'Look', replies: [], files: ['picture'] },
  ],
  'a value that never fits, in the middle of calls, then other dialects': [
    {
      ...say(
        'How many?',
        answer({ calls: [call('look')] }),
        answer({ text: 'Seven.' }),
        answer({}),
        answer({ text: '[' }),
      ),
      valued: true,
    },
    { do: 'delete', at: 1 },
    { do: 'model', model: MODELS.google, tools: true },
    { ...say('How many?', answer({ text: '{"a":1}' })), valued: true },
    { do: 'crash', lost: 0.5 },
    {
      ...say('How many?', {
        kind: 'stalls',
        says: { text: 'It', calls: [], cut: false, pause: false, backwards: false },
        after: 3,
      }),
      valued: true,
    },
    { do: 'model', model: MODELS['openai-chat'], tools: false },
  ],
  'an empty system message after an imported call': [
    {
      do: 'import',
      messages: [
        { role: 'assistant', content: '', timestamp, toolCalls: [{ id: 'a', tool: 'look', params: {} }] },
        { role: 'system', content: '', timestamp },
      ],
    },
    { do: 'model', model: MODELS.google, tools: true },
    say('Again'),
  ],
};

/** What was thought of, and never was a fault. */
const TAKEN_BACK: Record<string, readonly Event[]> = {
  'a turn with calls and pictures that is rewound, brought back, and rewound in part': [
    say('Hi', answer({ thinking: 'Hm.', text: 'I look.', calls: [call('look'), call('show', 'b')] })),
    {
      do: 'message',
      text: 'And this?',
      replies: [answer({ thinking: 'Hm.', calls: [call('fail')] })],
      files: ['picture'],
    },
    { do: 'rewind', at: 0 },
    { do: 'undo' },
    { do: 'rewind', at: 1 },
    say('Or this?', answer({ thinking: 'Well.', text: 'So.' })),
    { do: 'undo' },
    { do: 'undo' },
    { do: 'redo' },
  ],
  'reasoning that is bound to its prefix, before and behind what is taken back': [
    { do: 'model', model: 'anthropic/claude-sonnet-5-5', tools: true },
    say('Hi', answer({ thinking: 'Hm.', text: 'I look.', calls: [call('look')] })),
    say('More', answer({ thinking: 'Hm.', text: 'So.' })),
    { do: 'rewind', at: 1 },
    say('Other', answer({ thinking: 'Hm.', calls: [call('look', 'call_2')] })),
    { do: 'delete', at: 0.5 },
    { do: 'undo' },
    say('And now?', answer({ thinking: 'Hm.', text: 'So.' })),
  ],
  'a rewind over a summary, after a crash, in a fork and out of an export': [
    { do: 'window', tokens: 600, strategy: 'summarize' },
    ...['One', 'Two', 'Three'].map((text) =>
      say(`${text} ${'word '.repeat(150)}`, answer({ text: 'word '.repeat(80) })),
    ),
    { do: 'rewind', at: 0.5 },
    { do: 'crash', lost: 0 },
    say('Again'),
    { do: 'fork' },
    { do: 'undo' },
    { do: 'export' },
    { do: 'undo' },
    { do: 'redo' },
  ],
};

test.each(Object.entries({ ...FOUND, ...TAKEN_BACK }))('%s', (_name, events) => live(events));

test(
  'whatever happened, the next message is taken by every dialect',
  { timeout: Math.max(120_000, RUNS * 500) },
  async () => {
    await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 12 }), live), {
      numRuns: RUNS,
      seed: SEED,
      endOnFailure: false,
    });
  },
);

test('more images than a request holds, then models that hold more and less', { timeout: 60_000 }, async () => {
  const life = await Life.begin();
  try {
    const { session } = life;
    for (let n = 0; n < 6; n += 1) {
      const attachments = [{ data: samplePng(n + 1, 1, 3_700_000) }];
      expect((await session.turn({ text: 'Look', attachments }).outcome()).error).toBeUndefined();
    }
    for (const model of [MODELS.google, MODELS['openai-responses'], MODELS.anthropic]) {
      await session.setModel(model);
      expect((await session.turn('And now?').outcome()).error).toBeUndefined();
    }
    expect(life.wire.broken.map(({ dialect, rules }) => ({ dialect, rules }))).toEqual([]);
  } finally {
    await life.end();
  }
});
