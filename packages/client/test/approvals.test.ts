import type { AskRequest, Asker } from '@reprise/core';
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

/** A connection that asks, on a session whose calls a person must agree to. */
async function connected(ask: Asker) {
  at = await stage({}, { permissions: { decide: () => ({ verdict: 'ask', reason: 'It adds.' }) }, onAsk: 'wait' });
  at.script.push(...ADDING);
  return at.connect({ ask }).create({ cwd: '/there' });
}

test('a connection with an asker asks, and its answer is sent', async () => {
  const asked: AskRequest[] = [];
  const session = await connected(async (request) => (asked.push(request), { allow: true, always: true }));
  expect(await session.turn('add').outcome()).toMatchObject({ status: 'done', message: { content: 'Done.' } });
  expect(asked).toMatchObject([
    { session: session.id, call: 'c1', tool: 'add', input: { a: 1, b: 2 }, reason: 'It adds.', cwd: '/there' },
  ]);
  const { records = [] } = await session.export();
  expect(records).toContainEqual(expect.objectContaining({ type: 'answer', verdict: 'always', by: 'test' }));
});

test.each([
  ['says no', async () => ({ allow: false, message: 'Not today.' }), 'Not today.'],
  ['fails', () => Promise.reject(new Error('no terminal')), 'Permission denied'],
])('an asker that %s denies', async (_, ask, told) => {
  const session = await connected(ask);
  expect((await session.turn('add').outcome()).status).toBe('done');
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toContain(told);
});

test('a question that is answered elsewhere is taken back', async () => {
  const takenBack = Promise.withResolvers<void>();
  const session = await connected(async ({ id }, signal) => {
    signal.addEventListener('abort', () => takenBack.resolve(), { once: true });
    await at
      .connect()
      .load(session.id)
      .then((elsewhere) => elsewhere.answer(id, { verdict: 'once' }));
    await takenBack.promise;
    return { allow: false };
  });
  expect(await session.turn('add').outcome()).toMatchObject({ status: 'done' });
  await takenBack.promise;
  expect((await session.getMessages())[1]?.toolResults).toMatchObject([{ id: 'c1', result: 3 }]);
});

test('where nobody sits, a connection says so for its turns, and a turn for itself', async () => {
  await connected(() => Promise.reject(new Error('nobody is asked')));
  const session = await at.connect({ onAsk: 'fail' }).create();
  expect(await session.turn('add').outcome()).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
  at.script.splice(0, Infinity, ...ADDING);
  expect(await session.turn('add', { onAsk: 'deny' }).outcome()).toMatchObject({ status: 'done' });
});
