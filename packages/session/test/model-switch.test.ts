import { estimateTokens } from '@reprise/core';
import type { Session } from '@reprise/core';
import { describe, expect, test } from 'vitest';
import { MODELS } from './support.ts';
import { desk } from './wire/desk.ts';
import type { Desk } from './wire/desk.ts';

/** One of each dialect, and two whose rules are stricter: every call signed, every prefix unchanged. */
const NAMES = [...Object.values(MODELS), 'google/gemini-4-argon', 'anthropic/claude-sonnet-5-5'];
const PAIRS = NAMES.flatMap((from) => NAMES.filter((to) => to !== from).map((to) => [from, to] as const));

async function begin({ sessions }: Desk, model: string, options: object = {}): Promise<Session> {
  const session = await sessions.create({ model, tools: [], ...options });
  return session.registerTool({ name: 'look', description: 'Looks.', handler: () => 'seen' });
}

async function changes(session: Session) {
  const records = ((await session.export()).records ?? []) as { type: string; model?: { name: string } }[];
  return records.flatMap(({ type, model }) => (type === 'change' && model !== undefined ? [model.name] : []));
}

describe('every pair of models', () => {
  test.each(PAIRS)('%s → %s → back', async (from, to) => {
    const it = desk();
    const { answers, broken, bodies } = it;
    const session = await begin(it, from);
    for (const model of [to, from, to]) {
      answers.push({ thinking: 'Hm.', text: 'I look.', calls: [{ id: 'call_1', name: 'look', input: {} }] });
      answers.push({ thinking: 'So.', text: 'Done.' });
      await session.message('Hi');
      await session.setModel(model);
    }
    await session.message('And now?');
    expect(broken).toEqual([]);
    expect(bodies).toHaveLength(7);
    expect(await changes(session)).toEqual([to, from, to]);
    expect(session.state.model).toBe(to);
  });
});

describe('when a switch takes effect', () => {
  test('after the turns that were asked for before it, and before those after it', async () => {
    const it = desk();
    const session = await begin(it, MODELS.anthropic);
    const turns = [session.turn('One'), session.turn('Two')];
    const switched = session.setModel(MODELS.google);
    turns.push(session.turn('Three'));
    await switched;
    await Promise.all(turns.map((turn) => turn.outcome()));
    expect(it.bodies.map(({ model, contents }) => model ?? typeof contents)).toEqual([
      'claude-sonnet-4-5',
      'claude-sonnet-4-5',
      'object',
    ]);
  });

  test('with a message: in its turn and after it, recorded once', async () => {
    const it = desk();
    const session = await begin(it, MODELS.anthropic);
    await session.message('One', { model: MODELS['openai-responses'] });
    await session.message('Two', { model: MODELS['openai-responses'] });
    await session.message('Three');
    expect(it.bodies.map(({ model }) => model)).toEqual(['gpt-5', 'gpt-5', 'gpt-5']);
    expect(await changes(session)).toEqual(['openai/gpt-5']);
  });

  test('another process finds the new model', async () => {
    const it = desk();
    const session = await begin(it, MODELS.anthropic);
    await session.setModel(MODELS['openai-responses']);
    expect((await it.sessions.info(session.id)).model).toBe('openai/gpt-5');
  });

  test('what is no model changes nothing', async () => {
    const it = desk();
    const session = await begin(it, MODELS.anthropic);
    await expect(session.setModel('nobody/knows')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await expect(session.setModel('')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(session.message('Hi', { model: 'nobody/knows' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await session.message('Hi');
    expect(it.bodies.map(({ model }) => model)).toEqual(['claude-sonnet-4-5']);
    expect(await changes(session)).toEqual([]);
  });

  test('a setting that the new model does not take is recorded with the switch', async () => {
    const it = desk();
    const session = await begin(it, MODELS['openai-responses'], { effort: 'minimal' });
    await session.setModel(MODELS.anthropic);
    await session.message('Hi');
    const records = ((await session.export()).records ?? []) as { type: string; message?: string }[];
    expect(records.find(({ type }) => type === 'warning')?.message).toBe(
      'anthropic/claude-sonnet-4-5 takes the efforts low, medium, high, so "minimal" is not sent.',
    );
    expect(it.bodies[0].thinking).toBeUndefined();
  });
});

describe('a smaller window', () => {
  test.each([{}, { contextWindow: 200_000 }])('old messages leave before the first request: %j', async (options) => {
    const it = desk();
    const session = await begin(it, MODELS.anthropic, options);
    for (let n = 0; n < 12; n += 1) await session.message(`${n} ${'many words '.repeat(2000)}`);
    const before = session.getContextUsage();
    await session.setModel(MODELS['openai-chat']);
    const now = session.getContextUsage();
    await session.message('And now?');
    expect({ before: before.max, now: now.max }).toEqual({ before: 200_000, now: 32_768 });
    expect(before.current).toBeGreaterThan(32_768);
    const body = it.bodies.at(-1);
    expect(estimateTokens(JSON.stringify(body))).toBeLessThan(0.6 * 32_768);
    expect(it.broken).toEqual([]);
    expect(await session.getMessages()).toHaveLength(26);
  });
});
