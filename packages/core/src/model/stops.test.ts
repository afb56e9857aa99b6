import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Accumulator } from './accumulate.ts';
import { StopCutter, stopsFor } from './stops.ts';

function cut(deltas: readonly string[], sequences: readonly string[]) {
  const shown: string[] = [];
  const accumulator = new Accumulator({ text: (delta) => shown.push(delta), reasoning: () => undefined });
  const cutter = new StopCutter(accumulator, sequences);
  cutter.push({ type: 'text-start', id: '0' });
  for (const delta of deltas) cutter.push({ type: 'text-delta', id: '0', delta });
  cutter.push({ type: 'text-end', id: '0' });
  const { content, finish } = accumulator.response();
  expect(shown.join('')).toBe(content);
  return { content, reason: finish?.reason, full: cutter.full };
}

test('the text ends before the first sequence, wherever the deltas are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 4 })),
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 3 }), {
        minLength: 1,
        maxLength: 3,
      }),
      (deltas, sequences) => {
        // The oracle reads one character at a time, as a provider makes them.
        const text = deltas.join('');
        const grown = Array.from(text, (_, i) => text.slice(0, i + 1));
        const whole = grown.find((read) => sequences.some((sequence) => read.endsWith(sequence)));
        const ends = sequences.filter((sequence) => whole?.endsWith(sequence)).map((sequence) => sequence.length);
        const result = cut(deltas, sequences);
        expect(result).toEqual({
          content: whole === undefined ? text : whole.slice(0, whole.length - Math.max(...ends)),
          reason: whole === undefined ? undefined : 'stop',
          full: whole !== undefined,
        });
      },
    ),
  );
});

test('held text comes out before what follows it', () => {
  expect(cut(['one EN', ''], ['END'])).toMatchObject({ content: 'one EN', full: false });
  expect(cut(['one EN', 'D two'], ['END'])).toMatchObject({ content: 'one ', full: true });
});

test.each([
  ['anthropic', ['A', ' '], { sent: ['A'], own: [' '] }],
  ['openai-responses', ['A', 'B'], { sent: [], own: ['A', 'B'] }],
  ['openai-chat', ['1', '2', '3', '4', '5'], { sent: ['1', '2', '3', '4'], own: ['5'] }],
  ['google', ['1', '2', '3', '4', '5', '6'], { sent: ['1', '2', '3', '4', '5'], own: ['6'] }],
  ['strictest', ['A', '', 'A'], { sent: [], own: ['A'] }],
] as const)('%s takes what it takes, the rest is ours', (rules, wanted, expected) => {
  expect(stopsFor(wanted, rules)).toEqual(expected);
});
