import { expect, test } from 'vitest';
import { Accumulator } from '../model/accumulate.ts';

test('bytes that a model made survive JSON, as base64', () => {
  const accumulator = new Accumulator({ text: () => undefined, reasoning: () => undefined });
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i % 256);
  accumulator.push({ type: 'file', mediaType: 'image/png', data: { type: 'data', data: bytes } });
  accumulator.push({ type: 'file', mediaType: 'image/png', data: { type: 'data', data: 'aGk=' } });
  const [first, second] = JSON.parse(JSON.stringify(accumulator.response().parts));
  expect(Buffer.from(first.part.data.data, 'base64').equals(bytes)).toBe(true);
  expect(second.part.data.data).toBe('aGk=');
});
