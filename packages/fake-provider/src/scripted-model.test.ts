import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { scriptedModel, toolCall } from './scripted-model.ts';

async function answerOf(model: ReturnType<typeof scriptedModel>, abortSignal?: AbortSignal) {
  const parts: LanguageModelV4StreamPart[] = [];
  const { stream } = await model.doStream({ prompt: [], ...(abortSignal && { abortSignal }) });
  for await (const part of stream as unknown as AsyncIterable<LanguageModelV4StreamPart>) parts.push(part);
  return parts;
}

test('a model says, thinks and calls what its script says, one answer a request, and then ok', async () => {
  const model = scriptedModel();
  const waited: string[] = [];
  const wait = async () => void waited.push('waited');
  model.script.push(['Hel', Promise.resolve(), 'lo', { think: 'Hm.' }, { wait }, toolCall('c1', 'add', { a: 1 })]);
  const parts = await answerOf(model);
  expect(parts.filter(({ type }) => type === 'text-delta')).toMatchObject([{ delta: 'Hel' }, { delta: 'lo' }]);
  expect(parts).toContainEqual({ type: 'reasoning-delta', id: 'r', delta: 'Hm.' });
  expect(parts).toContainEqual({ type: 'tool-call', toolCallId: 'c1', toolName: 'add', input: '{"a":1}' });
  expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: { unified: 'tool-calls' } });
  expect(waited).toEqual(['waited']);
  expect(await answerOf(model)).toContainEqual({ type: 'text-delta', id: 't', delta: 'ok' });
  expect(model.requests).toHaveLength(2);
});

test('it fails where it is told to, and stops waiting when it is aborted', async () => {
  const model = scriptedModel();
  model.script.push(['a', new Error('broken')], [new Promise(() => undefined)]);
  await expect(answerOf(model)).rejects.toThrow('broken');
  await expect(answerOf(model, AbortSignal.timeout(1))).rejects.toThrow('timeout');
});
