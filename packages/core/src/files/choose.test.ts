import { describe, expect, test } from 'vitest';
import { compile } from '../context/compile.ts';
import type { Rec, StoredFile } from '../records/types.ts';
import { fold } from '../../test/support/fold.ts';
import { filesIn } from '../../test/support/files.ts';
import { infoOf } from '../../test/support/stage.ts';
import { chooseFiles, weighedFor } from './choose.ts';
import { fileKey } from './show.ts';

const MB = 1_000_000;
const at = '2026-01-01T00:00:00.000Z';
const info = infoOf({ contextWindow: 10_000_000 }, { input: ['image', 'pdf'], prefixBoundReasoning: true });

let files = 0;
function file(size: number, edge = 100): StoredFile {
  files += 1;
  return { sha256: `${files}`.padStart(64, '0'), mediaType: 'image/png', size, tokens: 10, pixels: [edge, 10] };
}

/** A session of which each message has these files, and each answer some reasoning. */
function talk(messages: readonly (readonly StoredFile[])[]): Rec[] {
  return messages.flatMap((attachments, n): Rec[] => [
    { type: 'message', id: `m${n}`, role: 'user', content: `Look ${n}`, timestamp: at, turn: `t${n}`, attachments },
    {
      type: 'step',
      id: `s${n}`,
      role: 'assistant',
      content: 'Seen.',
      timestamp: at,
      turn: `t${n}`,
      parts: [
        { type: 'reasoning', text: `Hm ${n}`, meta: { test: { signature: 'x' } } },
        { type: 'text', length: 5 },
      ],
      finishReason: 'stop',
      provider: 'test',
    },
    {
      type: 'turn-end',
      at,
      turn: `t${n}`,
      status: 'done',
      finishReason: 'stop',
      usage: { input: 0, output: 0, cached: 0, reasoning: 0, total: 0 },
      steps: 1,
    },
  ]);
}

const BEGIN: Rec = {
  type: 'session',
  format: 1,
  at,
  model: { requested: 'test/model', name: 'test/model' },
  system: [],
  tools: [],
  named: true,
  settings: {},
};

/** The request after each message. */
function requests(messages: readonly (readonly StoredFile[])[]) {
  const loaded = new Map(messages.flat().map((one) => [fileKey(one), 'AAAA']));
  return messages.map((_, n) => {
    const records = [BEGIN, ...talk(messages.slice(0, n + 1))].slice(0, -2);
    return compile(fold(records), { info, provider: 'test', tools: [], files: loaded });
  });
}

const counts = (messages: readonly (readonly StoredFile[])[]) =>
  requests(messages).map((request) => filesIn(request).filter((one) => one === 'image/png').length);

describe('files that no longer fit', () => {
  test('make room down to half at once, and the request rests until it is full again', () => {
    const messages = Array.from({ length: 12 }, () => [file(3.6 * MB)]);
    expect(counts(messages)).toEqual([1, 2, 3, 4, 5, 2, 3, 4, 5, 2, 3, 4]);
    const prompts = requests(messages).map(({ prompt }) => JSON.stringify(prompt).slice(0, -1));
    const rests = prompts.slice(1).map((prompt, n) => prompt.startsWith(prompts[n] ?? 'x'));
    expect(rests).toEqual([true, true, true, true, false, true, true, true, false, true, true]);
  });

  test('void the reasoning that was bound to them, and no other', () => {
    const messages = Array.from({ length: 7 }, () => [file(3.6 * MB)]);
    const thoughts = requests(messages).map(({ prompt }) => JSON.stringify(prompt).match(/Hm \d/g)?.length ?? 0);
    expect(thoughts).toEqual([0, 1, 2, 3, 4, 0, 1]);
  });

  test('the newest message’s own go last, oldest first', () => {
    const state = fold([BEGIN, ...talk([[file(MB)], Array.from({ length: 7 }, () => file(3 * MB))])]);
    const { sent, left } = chooseFiles(state.entries, state, info.capabilities);
    expect([sent.length, left.size]).toEqual([6, 2]);
    expect([...left.values()]).toEqual(['it made room for newer ones', 'it made room for newer ones']);
  });

  test('by number', () => {
    expect(counts([Array.from({ length: 100 }, () => file(10)), [file(10)]])).toEqual([100, 50]);
  });

  test('by pixels: more than twenty images only where none is wide', () => {
    const small = Array.from({ length: 19 }, () => file(10));
    expect(counts([[file(10, 3000)], small, [file(10)]])).toEqual([1, 20, 20]);
    expect(counts([[...small, file(10)], [file(10, 3000)]])).toEqual([20, 10]);
    expect(counts([[file(10, 2000)], small, [file(10)]])).toEqual([1, 20, 21]);
  });

  test('pages are no images: a wide one may stand beside many', () => {
    const papers = Array.from({ length: 25 }, () => ({ ...file(10), mediaType: 'application/pdf' }));
    const state = fold([BEGIN, ...talk([[file(10, 3000), ...papers]])]);
    expect(chooseFiles(state.entries, state, info.capabilities).left.size).toBe(0);
  });
});

test('what the provider refused is told by place: from one record to another, both included', () => {
  const state = fold([BEGIN, ...talk([[file(10)], [file(10)], [file(10)]])]);
  const [first = 0, middle = 0, last = 0] = state.entries
    .toArray()
    .flatMap(({ seq, record }) => (record.type === 'message' ? [seq] : []));
  const left = (...attachments: [number, number]) =>
    chooseFiles(state.entries, { repair: { reasoning: 0, attachments } }, info.capabilities).left.size;
  expect([left(middle, middle), left(first, middle), left(middle, last), left(middle + 1, last - 1)]).toEqual([
    1, 2, 2, 0,
  ]);
});

describe('what a state weighs for a model', () => {
  const shown = { ...file(10), tokens: 1500 };
  const hidden = { ...file(10), mediaType: 'application/pdf', tokens: 700 };
  const state = fold([BEGIN, ...talk([[shown, hidden], []])]);
  const seeing = (...input: ('image' | 'pdf')[]) => ({ info: infoOf({}, { input }) });

  test('a file that it isn’t shown takes as much as the words that stand for it', () => {
    const weighed = weighedFor(state, seeing('image'));
    expect(state.tokens - weighed.tokens).toBe(700 - 40);
    expect(state.tokens - weighedFor(state, seeing()).tokens).toBe(700 + 1500 - 2 * 40);
    const [first, ...others] = weighed.entries.toArray();
    expect((state.entries.at(0)?.tokens ?? 0) - (first?.tokens ?? 0)).toBe(700 - 40);
    expect(others).toEqual(state.entries.toArray().slice(1));
  });

  test('where it is shown all, nothing is another', () => {
    expect(weighedFor(state, seeing('image', 'pdf'))).toBe(state);
  });
});

test('what one model is sent, another may not be', () => {
  const large = file(9 * MB);
  const state = fold([BEGIN, ...talk([[large, file(10, 9000), { ...file(10), mediaType: 'image/gif' }]])]);
  const sent = (rules: 'anthropic' | 'google' | 'openai-responses' | 'strictest') =>
    chooseFiles(state.entries, state, { ...info.capabilities, rules }).sent.length;
  expect([sent('anthropic'), sent('google'), sent('openai-responses'), sent('strictest')]).toEqual([1, 2, 3, 0]);
});
