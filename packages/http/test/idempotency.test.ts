import { systemClock } from '@reprise/core';
import { expect, test } from 'vitest';
import { Answers, once } from '../src/idempotency.ts';
import { json } from '../src/route.ts';

test('of a request with a key no body is kept, however large it was', async () => {
  const answers = new Answers();
  const context = { answers, clock: systemClock } as Parameters<typeof once>[0];
  const send = (body: unknown) => {
    const request = new Request('http://127.0.0.1/v1/import', { method: 'POST', headers: { 'idempotency-key': 'k' } });
    return once(context, request, undefined, body, async () => json({ done: true }, 201));
  };
  expect((await send({ session: 'x'.repeat(1_000_000) })).status).toBe(201);
  expect((await send({ session: 'x'.repeat(1_000_000) })).status).toBe(201);
  await expect(send({ session: 'y' })).rejects.toMatchObject({ status: 422 });
  expect(JSON.stringify([...answers.done]).length).toBeLessThan(1000);
});
