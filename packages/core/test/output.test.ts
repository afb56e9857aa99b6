import type { JSONSchema7 } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { say } from './support/model.ts';
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
