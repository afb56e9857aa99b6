import { memoryStorage } from '@reprise/core';
import { createModels } from '@reprise/providers';
import { createDefaultSessions } from '@reprise/session';
import { expect, test } from 'vitest';
import { Wire } from './random/wire.ts';
import type { Says } from './random/wire.ts';
import { MODELS, environmentOf } from './support.ts';

const SAYS: Says = { text: 'So it was.', calls: [], cut: false, pause: false, backwards: false };

/** What is recorded of a call whose stream breaks after so many events. */
async function broken(model: string, after: number) {
  const wire = new Wire();
  wire.replies.push({ kind: 'breaks', says: SAYS, after });
  const env = environmentOf({ url: 'http://127.0.0.1:1' } as never);
  const models = createModels({ env, fetch: wire.fetch });
  const sessions = createDefaultSessions({ storage: memoryStorage(), models, tools: [], cwd: '/tmp' });
  const session = await sessions.create({ model });
  expect(await session.turn('Hi').outcome()).toMatchObject({ status: 'failed' });
  return (await session.usage()).own.total;
}

test('what Anthropic says of the request at the beginning counts where the stream breaks, before or in the middle of the answer', async () => {
  for (const after of [1, 4]) {
    const total = await broken(MODELS.anthropic, after);
    expect(total).toMatchObject({ calls: 1, input: 25, output: 0, total: 25 });
    expect(total.cost).toBeGreaterThan(0);
    expect(total.unreported.calls).toBe(after === 1 ? 0 : 1);
    // The answer's few words, and no estimate of the request.
    expect(total.unreported.tokens).toBeLessThan(10);
  }
});

test('a dialect that counts at the end: all of it is about', async () => {
  const total = await broken(MODELS['openai-responses'], 6);
  expect(total).toMatchObject({ calls: 1, total: 0, unreported: { calls: 1 } });
  expect(total.unreported.tokens).toBeGreaterThan(50);
});
