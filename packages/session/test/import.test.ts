import { expect, test } from 'vitest';
import { anthropic } from '@reprise/fake-provider';
import { MODELS, stageForEach } from './support.ts';

const stage = stageForEach();

const timestamp = '2026-01-01T00:00:00.000Z';
const model = MODELS.anthropic;

test('the model is told what imported tools gave', async () => {
  const messages = [
    { role: 'user', content: 'Weather?', timestamp },
    {
      role: 'assistant',
      content: '',
      timestamp,
      toolCalls: [
        { id: 'a', tool: 'weather', params: { at: 'Bern' } },
        { id: 'b', tool: 'weather', params: { at: 'Rome' } },
      ],
      toolResults: [
        { id: 'b', result: 'sunny' },
        { id: 'a', result: null, error: 'no such place' },
        { id: 'nobody', result: 'orphan' },
      ],
    },
    { role: 'assistant', content: 'Sunny in Rome.', timestamp },
  ];
  const session = await stage.sessions.import(messages, { model });
  session.registerTool({ name: 'weather', description: 'Tells.', handler: () => '' });
  expect((await session.getMessages())[1]?.toolResults).toEqual([
    { id: 'a', result: null, error: 'no such place' },
    { id: 'b', result: 'sunny' },
  ]);
  stage.fake.fallback('anthropic', anthropic.message({ text: 'Yes.' }));
  await session.message('Sure?');
  const heard = [
    { type: 'tool_result', tool_use_id: 'a', content: 'no such place', is_error: true },
    { type: 'tool_result', tool_use_id: 'b', content: 'sunny' },
  ];
  expect(stage.fake.requests.at(-1)?.json.messages[2].content).toMatchObject(heard);
  // The same from the records alone.
  await stage.restart();
  const again = await stage.sessions.resume(session.id);
  again.registerTool({ name: 'weather', description: 'Tells.', handler: () => '' });
  await again.message('Really?');
  expect(stage.fake.requests.at(-1)?.json.messages[2].content).toMatchObject(heard);
});

test('two messages of one id stay two messages', async () => {
  const messages = ['One', 'Two'].map((content) => ({ id: 'same', role: 'user', content, timestamp }));
  const session = await stage.sessions.import(messages, { model });
  const imported = await session.getMessages();
  expect(imported.map(({ content }) => content)).toEqual(['One', 'Two']);
  expect(imported[0]?.id).toBe('same');
  expect(imported[1]?.id).not.toBe('same');
});
