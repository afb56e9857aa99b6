import type { Effort } from '@reprise/core';
import { describe, expect, test } from 'vitest';
import { MODELS } from './support.ts';
import { desk } from './wire/desk.ts';

/** The part of a body that says how hard to think, and the settings that depend on it. */
const SENT: Readonly<Record<string, (body: any) => unknown>> = {
  anthropic: ({ thinking, output_config, max_tokens, temperature }) => ({
    thinking,
    effort: output_config?.effort,
    max_tokens,
    temperature,
  }),
  'openai-responses': ({ reasoning }) => reasoning,
  'openai-chat': ({ reasoning_effort }) => reasoning_effort,
  google: ({ generationConfig }) => generationConfig.thinkingConfig,
};

async function sent(model: string, dialect: keyof typeof SENT, options: object) {
  const { sessions, bodies, broken } = desk();
  const session = await sessions.create({ model, tools: [], ...options });
  const warnings: string[] = [];
  session.on('warning', ({ message }) => warnings.push(message));
  await session.message('Hi');
  const records = ((await session.export()).records ?? []) as { type: string; message?: string }[];
  const recorded = records.flatMap(({ type, message }) => (type === 'warning' ? [message] : []));
  return { what: SENT[dialect]?.(bodies[0]), warnings, recorded, broken };
}

describe('an effort on the wire', () => {
  test.each([
    // A budget is part of max_tokens, and no temperature goes with it.
    [
      MODELS.anthropic,
      'anthropic',
      { effort: 'low', maxTokens: 1000 },
      { thinking: { type: 'enabled', budget_tokens: 6400 }, max_tokens: 7400 },
    ],
    [
      MODELS.anthropic,
      'anthropic',
      { effort: 'high' },
      { thinking: { type: 'enabled', budget_tokens: 38_400 }, max_tokens: 64_000 },
    ],
    [MODELS.anthropic, 'anthropic', { maxTokens: 1000 }, { max_tokens: 1000, temperature: 0.7 }],
    [
      'anthropic/claude-opus-5',
      'anthropic',
      { effort: 'xhigh' },
      { thinking: { type: 'adaptive', display: 'summarized' }, effort: 'xhigh', max_tokens: 128_000 },
    ],
    [
      'anthropic/claude-opus-4-6',
      'anthropic',
      { effort: 'max', maxTokens: 500 },
      { thinking: { type: 'adaptive', display: 'summarized' }, effort: 'max', max_tokens: 500 },
    ],
    [MODELS['openai-responses'], 'openai-responses', { effort: 'minimal' }, { effort: 'minimal' }],
    ['openai/gpt-5.2', 'openai-responses', { effort: 'none' }, { effort: 'none' }],
    [MODELS['openai-chat'], 'openai-chat', { effort: 'high' }, 'high'],
    ['google/gemini-4-argon', 'google', { effort: 'low' }, { includeThoughts: undefined, thinkingLevel: 'low' }],
    [MODELS.google, 'google', { effort: 'low' }, { thinkingBudget: 6554 }],
  ] as const)('%s, %s, %j', async (model, dialect, options, expected) => {
    const { what, recorded, broken } = await sent(model, dialect, options);
    expect({ what, recorded, broken }).toEqual({ what: expected, recorded: [], broken: [] });
  });
});

describe('a setting that a model does not take', () => {
  test('an unknown level is not sent; the warning is told and recorded', async () => {
    const { what, warnings, recorded } = await sent(MODELS.google, 'google', { effort: 'xhigh' });
    const message = 'google/gemini-2.5-pro takes the efforts low, medium, high, so "xhigh" is not sent.';
    expect({ what, warnings, recorded }).toEqual({ what: undefined, warnings: [message], recorded: [message] });
  });

  test('a model without levels', async () => {
    const { recorded } = await sent('openai/gpt-4.1', 'openai-responses', { effort: 'low' });
    expect(recorded).toEqual(['openai/gpt-4.1 takes no effort, so "low" is not sent.']);
  });

  test('a temperature beside an effort that Anthropic’s models think by', async () => {
    const { what, recorded } = await sent(MODELS.anthropic, 'anthropic', { effort: 'low', temperature: 0.2 });
    expect(what).toMatchObject({ temperature: undefined });
    expect(recorded).toEqual(['anthropic/claude-sonnet-4-5 takes no temperature while it thinks, so none is sent.']);
  });

  test('what is no level at all is refused', async () => {
    const { sessions } = desk();
    await expect(sessions.create({ model: MODELS.google, effort: 'hard' as Effort })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('one of none, minimal, low'),
    });
    const session = await sessions.create({ model: MODELS.google });
    expect(() => session.message('Hi', { effort: 'hard' as Effort })).toThrow('one of none, minimal');
  });
});

describe('an effort over time', () => {
  test('a turn’s effort holds for all its model calls and for no other turn', async () => {
    const { sessions, bodies, answers } = desk();
    const session = await sessions.create({ model: MODELS['openai-responses'], tools: [], effort: 'low' });
    session.registerTool({ name: 'look', description: 'Looks.', handler: () => 'seen' });
    answers.push({ calls: [{ id: 'a', name: 'look', input: {} }] });
    await session.message('Hi', { effort: 'high' });
    await session.message('Again');
    expect(bodies.map(({ reasoning }) => reasoning.effort)).toEqual(['high', 'high', 'low']);
  });

  test('a session keeps it over a restart, and a resume changes it', async () => {
    const { sessions, bodies } = desk();
    const { id } = await sessions.create({ model: MODELS['openai-responses'], tools: [], effort: 'low' });
    const exported = await (await sessions.resume(id, { effort: 'medium' })).export();
    const session = await sessions.resume(id);
    await session.message('Hi');
    expect(bodies[0].reasoning.effort).toBe('medium');
    expect(exported.records).toHaveLength(1);
  });

  test('an exchange that does not open with thinking goes on without a budget of it', async () => {
    const { sessions, bodies, answers, broken } = desk();
    const session = await sessions.create({ model: MODELS.anthropic, tools: [], effort: 'low' });
    session.registerTool({ name: 'look', description: 'Looks.', handler: () => 'seen' });
    // The model thought, or it did not: then its call is answered without thinking.
    answers.push({ thinking: 'Hm.', calls: [{ id: 'a', name: 'look', input: {} }] }, { text: 'So.' });
    answers.push({ calls: [{ id: 'b', name: 'look', input: {} }] });
    await session.message('Hi');
    await session.message('Again');
    const types = bodies.map(({ thinking }) => thinking?.type);
    expect({ types, broken }).toEqual({ types: ['enabled', 'enabled', 'enabled', undefined], broken: [] });
  });
});
