import { afterEach, expect, test } from 'vitest';
import type { Stage } from './support/stage.ts';
import { stage } from './support/stage.ts';

let at: Stage;
afterEach(() => at.close());

const ADDING = [[{ call: 'add', id: 'c1', input: { a: 1, b: 2 } }], ['Done.']] as const;

/** A session whose calls a person must agree to, and a turn that waits for that. */
async function asking() {
  at = await stage({}, { permissions: { decide: () => ({ verdict: 'ask', reason: 'It adds.' }) }, onAsk: 'wait' });
  at.script.push(...ADDING);
  const session = await at.remote.create();
  const turn = session.turn('add');
  const { id } = await new Promise<{ id: string }>((resolve) => turn.once('approval', resolve));
  return { session, turn, id };
}

test('who follows sees what is asked, and answers from any connection', async () => {
  const { session, turn, id } = await asking();
  const elsewhere = await at.connect().load(session.id);
  const [pending] = await elsewhere.approvals();
  expect(pending).toMatchObject({ id, call: 'c1', tool: 'add', input: { a: 1, b: 2 }, reason: 'It adds.' });
  await elsewhere.answer(id, { verdict: 'once' });
  expect(await turn.outcome()).toMatchObject({ status: 'done', message: { content: 'Done.' } });
  expect((await session.getMessages())[1]?.toolResults).toMatchObject([{ id: 'c1', result: 3 }]);
  expect(await elsewhere.approvals()).toEqual([]);
  await expect(elsewhere.answer(id, { verdict: 'deny' })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('a denial is told to the model, with its reason', async () => {
  const { session, turn, id } = await asking();
  await session.answer(id, { verdict: 'deny', message: 'Not today.' });
  expect((await turn.outcome()).status).toBe('done');
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toContain('Not today.');
});

test('a token that may not approve cannot', async () => {
  at = await stage(
    { tokens: [{ name: 'writer', token: 'test-token-0123456789', scopes: ['read', 'write'] }] },
    { permissions: { decide: () => ({ verdict: 'ask' }) }, onAsk: 'wait' },
  );
  at.script.push(...ADDING);
  const session = await at.remote.create();
  const turn = session.turn('add');
  const { id } = await new Promise<{ id: string }>((resolve) => turn.once('approval', resolve));
  await expect(session.answer(id, { verdict: 'once' })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  await turn.abort();
});
