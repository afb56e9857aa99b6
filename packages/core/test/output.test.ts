import type { JSONSchema7 } from '@ai-sdk/provider';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { TurnOptions } from '../src/contracts/session.ts';
import { finish, say, text } from './support/model.ts';
import { stage } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const SCHEMA = {
  type: 'object' as const,
  properties: { n: { type: 'number' as const } },
  required: ['n'],
} satisfies JSONSchema7;

test.each([
  ['before the answer was judged', say('{"n":1}'), 3, 1],
  ['after the model was told', say('nonsense'), 4, 3],
  ['before the model was told', say('nonsense'), 3, 2],
])('a crash %s: the turn is carried on to its value', async (_name, first, appends, requests) => {
  const { sessions, storage, model, restart } = stage();
  const session = await sessions.create({ model: 'test/model' });
  // Appends of the turn: its message, the step, then what follows.
  storage.crashAppend(appends, 'before');
  model.script.push(first, say('{"n":1}'));
  await session.turn('Hi', { output: SCHEMA }).outcome();
  model.script.push(say('{"n":1}'));
  const later = await restart().sessions.resume(session.id, { recover: 'continue' });
  const outcome = await later.recovering?.outcome();
  expect(outcome).toMatchObject({ status: 'done', output: { n: 1 } });
  expect(model.requests).toHaveLength(requests);
  expect(model.requests.every(({ responseFormat }) => responseFormat?.type === 'json')).toBe(true);
  const corrections = (await recordsOf(storage.inner, session.id)).filter((one) => 'correction' in one);
  expect(corrections).toHaveLength(requests > 1 ? 1 : 0);
});

async function asked(output: NonNullable<TurnOptions['output']>, ...answers: Parameters<typeof say>[0][]) {
  const { sessions, model, storage } = stage();
  model.script.push(...answers.map((answer) => say(answer)));
  const session = await sessions.create({ model: 'test/model' });
  const outcome = await session.turn('Hi', { output }).outcome();
  return { outcome, model, records: () => recordsOf(storage.inner, session.id) };
}

describe('what an answer is taken for', () => {
  test.each([
    ['JSON alone', '{"n":1}'],
    ['with a line before and after', '\n {"n":1} \n'],
    ['in words', 'It is {"n":1}, I think.'],
    ['in words, with an object in it', 'It is {"n":1,"more":{"a":{}}}.'],
    ['in a fence, with braces around it', 'For {x}:\n```json\n{"n":1}\n```\nwhere {y}.'],
    ['in a fence without a name', 'For {x}:\n```\n{"n":1}\n```\nwhere {y}.'],
  ])('%s', async (_how, answer) => {
    const { outcome, model } = await asked(SCHEMA, answer);
    expect(outcome).toMatchObject({ status: 'done', output: { n: 1 } });
    expect(model.requests).toHaveLength(1);
  });

  test('one that does not fit is told so in a record of the turn, twice; then the turn fails and says why', async () => {
    const { outcome, records } = await asked(SCHEMA, '', '[', '{"n":"x"}');
    const problem = expect.stringContaining('expected number') as string;
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'PROVIDER', details: { problem } } });
    const told = (await records()).flatMap((record) =>
      record.type === 'message' && record.correction ? [record] : [],
    );
    const message = { role: 'system', turn: 'turn_1', correction: true };
    expect(told).toMatchObject([
      { ...message, content: expect.stringContaining('It is empty.') as string },
      { ...message, content: expect.stringContaining('It is not JSON.') as string },
    ]);
    expect(JSON.stringify(told)).not.toContain('output limit');
  });

  test('one that the output limit cut is told to be shorter', async () => {
    const { sessions, model } = stage();
    model.script.push([...text('{"n":'), finish('length')], say('{"n":1}'));
    const session = await sessions.create({ model: 'test/model' });
    expect(await session.turn('Hi', { output: SCHEMA }).outcome()).toMatchObject({ output: { n: 1 } });
    expect(JSON.stringify(model.requests[1]?.prompt)).toContain('cut by the output limit: make it shorter');
  });
});

describe('what the model is told of the schema', () => {
  const format = async (output: NonNullable<TurnOptions['output']>) =>
    (await asked(output, '{}')).model.requests[0]?.responseFormat;

  test('a JSON schema as it is', async () => {
    expect(await format(SCHEMA)).toEqual({ type: 'json', schema: SCHEMA });
  });

  test('of a zod schema that objects hold what it names, wherever they are, unless it says otherwise', async () => {
    const point = z.object({ x: z.number() });
    const schema = z.object({
      point,
      either: z.union([point, z.null()]),
      loose: z.looseObject({ a: z.string() }),
      by: z.record(z.string(), point),
      // Names that are keywords too, and a value that looks like a schema.
      properties: z.object({ type: z.string() }),
      type: z.literal('object').default('object'),
      like: z.any().default({ type: 'object', properties: {} }),
    });
    const closed = {
      type: 'object',
      properties: { x: { type: 'number' } },
      required: ['x'],
      additionalProperties: false,
    };
    expect(await format(schema)).toEqual({
      type: 'json',
      schema: {
        type: 'object',
        properties: {
          point: closed,
          either: { anyOf: [closed, { type: 'null' }] },
          loose: expect.objectContaining({ additionalProperties: {} }) as object,
          by: expect.objectContaining({ additionalProperties: closed }) as object,
          properties: {
            type: 'object',
            properties: { type: { type: 'string' } },
            required: ['type'],
            additionalProperties: false,
          },
          type: { type: 'string', const: 'object', default: 'object' },
          like: { default: { type: 'object', properties: {} } },
        },
        required: expect.any(Array) as string[],
        additionalProperties: false,
      },
    });
  });

  test('what only looks like a zod schema is refused by name', async () => {
    const { sessions, model } = stage();
    const session = await sessions.create({ model: 'test/model' });
    const output = { safeParse: () => ({ success: true }) } as never;
    const { error } = await session.turn('Hi', { output }).outcome();
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('The option output') as string,
    });
    expect(model.requests).toHaveLength(0);
  });
});
