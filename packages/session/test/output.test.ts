import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MODELS } from './support.ts';
import { desk } from './wire/desk.ts';

const CITY = z.object({ name: z.string(), people: z.number().transform((n) => n * 2) });
const SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string' }, people: { type: 'number' } },
  required: ['name', 'people'],
  additionalProperties: false,
};
const GOOD = '{"name":"Oslo","people":7}';

describe('a schema on the wire', () => {
  test.each<[string, (body: any) => unknown, unknown]>([
    [MODELS.anthropic, ({ output_config }) => output_config.format, { type: 'json_schema', schema: SCHEMA }],
    [
      MODELS['openai-responses'],
      ({ text }) => text.format,
      { type: 'json_schema', name: 'response', strict: true, schema: SCHEMA },
    ],
    [
      MODELS.google,
      ({ generationConfig }) => [generationConfig.responseMimeType, generationConfig.responseJsonSchema.required],
      ['application/json', ['name', 'people']],
    ],
    [
      MODELS['openai-chat'],
      ({ messages, response_format }) => [
        JSON.stringify(messages.at(-1)).includes('fits this JSON schema'),
        response_format,
      ],
      [true, undefined],
    ],
  ])('%s', async (model, sent, expected) => {
    const { sessions, bodies, answers, broken } = desk();
    const session = await sessions.create({ model, tools: [] });
    answers.push({ text: GOOD });
    const { output, content } = await session.message('Which city?', { output: CITY });
    expect({ output, content }).toEqual({ output: { name: 'Oslo', people: 14 }, content: GOOD });
    // Typed, too.
    expect(output.people.toFixed(0)).toBe('14');
    expect(sent(bodies[0])).toEqual(expected);
    await session.message('Thanks');
    expect(JSON.stringify(bodies[1])).not.toContain('json_schema"');
    expect(broken).toEqual([]);
  });

  test('OpenAI is told a schema with an optional part as a guide alone', async () => {
    const { sessions, bodies, answers } = desk();
    const session = await sessions.create({ model: MODELS['openai-responses'], tools: [] });
    answers.push({ text: '{}' });
    await session.message('Which?', { output: z.object({ name: z.string().optional() }) });
    expect(bodies[0].text.format.strict).toBe(false);
  });
});

describe('an answer that does not fit', () => {
  test.each(Object.values(MODELS))('%s is told what is wrong, and answers again', async (model) => {
    const { sessions, bodies, answers, broken } = desk();
    const session = await sessions.create({ model, tools: [] });
    answers.push({ text: 'Oslo, of course.' }, { text: '{"name":"Oslo"}' }, { text: `\`\`\`json\n${GOOD}\n\`\`\`` });
    const outcome = await session.turn('Which city?', { output: SCHEMA as never }).outcome();
    expect(outcome).toMatchObject({ status: 'done', steps: 3, output: { name: 'Oslo', people: 7 } });
    expect(JSON.stringify(bodies[1])).toContain('It is not JSON.');
    expect(JSON.stringify(bodies[2])).toContain('people');
    await session.message('Thanks');
    expect(broken).toEqual([]);
  });

  test('three times: the turn fails, and the session goes on', async () => {
    const { sessions, answers, broken, bodies } = desk();
    const session = await sessions.create({ model: MODELS.anthropic, tools: [] });
    answers.push({ text: 'No.' }, { text: '' }, { text: 'Still no.' });
    const outcome = await session.turn('Which city?', { output: CITY }).outcome();
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { code: 'PROVIDER', message: expect.stringContaining('does not fit the schema') },
      message: { content: 'Still no.' },
    });
    expect(bodies).toHaveLength(3);
    expect(await session.message('Then not')).toMatchObject({ content: 'ok' });
    expect(broken).toEqual([]);
  });

  test('at the step limit it is not asked again', async () => {
    const { sessions, answers, bodies } = desk();
    const session = await sessions.create({ model: MODELS.anthropic, tools: [], maxSteps: 1 });
    answers.push({ text: 'No.' });
    await expect(session.message('Which?', { output: CITY })).rejects.toMatchObject({ code: 'PROVIDER' });
    expect(bodies).toHaveLength(1);
  });
});

test('tools may be called before', async () => {
  const { sessions, answers, broken } = desk();
  const session = await sessions.create({ model: MODELS.anthropic, tools: [] });
  session.registerTool({ name: 'look', description: 'Looks.', handler: () => 'seven' });
  answers.push({ text: 'I look.', calls: [{ id: 'a', name: 'look', input: {} }] }, { text: GOOD });
  expect((await session.message('Which?', { output: CITY })).output).toEqual({ name: 'Oslo', people: 14 });
  expect(broken).toEqual([]);
});

test.each<[string, unknown]>([
  ['no schema', 'x'],
  ['a list', z.array(z.string())],
  ['a type that is none', { type: 'string' }],
])('%s is INVALID_INPUT, with nothing stored', async (_name, output) => {
  const { sessions, bodies } = desk();
  const session = await sessions.create({ model: MODELS.anthropic, tools: [] });
  const failed = async () => session.message('Which?', { output: output as never });
  await expect(failed()).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect({ sent: bodies.length, messages: session.state.messageCount }).toEqual({ sent: 0, messages: 0 });
});
