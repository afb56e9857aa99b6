import type { LanguageModelV4CallOptions, LanguageModelV4Message } from '@ai-sdk/provider';
import { describe, expect, test } from 'vitest';
import { withPossibleThinking } from './thinking.ts';

const asks = (text: string): LanguageModelV4Message => ({ role: 'user', content: [{ type: 'text', text }] });
const thinks = { type: 'reasoning', text: 'Hm.' } as const;
const calls = { type: 'tool-call', toolCallId: 'a', toolName: 'look', input: {} } as const;
const says = { type: 'text', text: 'So.' } as const;
const answers = (...content: (typeof thinks | typeof calls | typeof says)[]): LanguageModelV4Message => ({
  role: 'assistant',
  content,
});
const gives: LanguageModelV4Message = {
  role: 'tool',
  content: [{ type: 'tool-result', toolCallId: 'a', toolName: 'look', output: { type: 'text', value: 'seen' } }],
};

const effort = (prompt: LanguageModelV4Message[], reasoning: LanguageModelV4CallOptions['reasoning'] = 'low') =>
  withPossibleThinking({ prompt, reasoning }).reasoning;

describe('an effort goes along', () => {
  test.each<[string, LanguageModelV4Message[]]>([
    ['with a question', [asks('Hi')]],
    ['where the exchange opens with thinking', [asks('Hi'), answers(thinks, calls), gives]],
    ['whatever earlier exchanges opened with', [asks('Hi'), answers(calls), gives, answers(says), asks('And now?')]],
    [
      'where what the user says steers an exchange that opened with thinking',
      [asks('Hi'), answers(thinks, calls), gives, asks('Left!')],
    ],
  ])('%s', (_when, prompt) => {
    expect(effort(prompt)).toBe('low');
  });
});

describe('no effort goes along', () => {
  test.each<[string, LanguageModelV4Message[]]>([
    ['where a call opens the exchange', [asks('Hi'), answers(calls), gives]],
    ['where text does, and thinking follows', [asks('Hi'), answers(says, thinks, calls), gives]],
    [
      'where only an earlier exchange opened with thinking',
      [asks('Hi'), answers(thinks), asks('So?'), answers(calls), gives],
    ],
    [
      'where what the user says steers it: on the wire that is in one message with the result',
      [asks('Hi'), answers(calls), gives, asks('Left!')],
    ],
  ])('%s', (_when, prompt) => {
    const options = { prompt, reasoning: 'low', temperature: 1 } as const;
    expect(withPossibleThinking(options)).toEqual({ prompt, temperature: 1 });
  });
});

test('what asks for no thinking stays as it is', () => {
  const prompt = [asks('Hi'), answers(calls), gives];
  expect(effort(prompt, 'none')).toBe('none');
  const plain = { prompt };
  expect(withPossibleThinking(plain)).toBe(plain);
});
